"""`claudebox-rl show`: a dataset's episodes as a table, or one trajectory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from claudebox_rl.cli.dataset.transcript import transcript
from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.cli.words import OUTCOME_STYLES, compact, dollars, number
from claudebox_rl.trajectory import load_dataset
from claudebox_rl.types import Episode

_SHORTEST_ID = 8
_LONGEST_WHOLE_PART = 20


def show(path: str, episode: str | None, *, console: Console, full: bool = False) -> None:
    """Print a dataset.

    Args:
        path: The dataset's folder.
        episode: An episode's id or how it begins; None: a table of all episodes.
        console: Where to print.
        full: Do not shorten inputs and outputs of a trajectory.

    Raises:
        TrajectoryError: There is no dataset, or no such episode in it.
    """
    dataset = load_dataset(path)
    if episode is not None:
        console.print(transcript(dataset[episode], full=full), highlight=False)
        return
    episodes = sorted(dataset.summaries(), key=lambda one: (one.started_at, one.episode_id))
    console.print(episodes_table(episodes))
    for one in episodes:
        if one.error_type:
            console.print(Text(f"{one.episode_id}: {failure(one)}", style="red"), soft_wrap=True)
    console.print(Text(f"\n{totals(episodes)}"), soft_wrap=True)


def episodes_table(episodes: Sequence[Episode]) -> Table:
    """Return the table of episodes, a row each, in the order given; ids are cut where they are still unique."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("id", overflow="ellipsis")
    table.add_column("task", overflow="ellipsis")
    table.add_column("outcome", no_wrap=True)
    for name in ("return", "steps", "turns", "in", "out", "usd", "s"):
        table.add_column(name, justify="right", no_wrap=True)
    ids = short_ids([episode.episode_id for episode in episodes])
    for episode in episodes:
        table.add_row(*map(_cell, _row(episode, ids[episode.episode_id])), style=OUTCOME_STYLES[episode.outcome])
    return table


def _row(episode: Episode, short_id: str) -> list[str]:
    return [
        short_id,
        episode.task_id,
        str(episode.outcome),
        number(episode.episode_return),
        str(episode.num_steps),
        str(episode.num_turns),
        compact(episode.usage.input_tokens),
        compact(episode.usage.output_tokens),
        dollars(episode.cost_usd),
        f"{episode.ended_at - episode.started_at:.1f}",
    ]


def _cell(text: str) -> Text:
    return Text(one_line(text))


def failure(episode: Episode) -> str:
    """Return what went wrong, on one printable line."""
    return one_line(f"{episode.error_type}: {episode.error_message or ''}")


def totals(episodes: Sequence[Episode]) -> str:
    """Return one line of counts and sums; the mean return is over the episodes that have one."""
    outcomes = Counter(str(episode.outcome) for episode in episodes)
    returns = [episode.episode_return for episode in episodes if episode.episode_return is not None]
    mean = f"mean return {sum(returns) / len(returns):.3f}" if returns else "no returns"
    return "  ".join(
        [
            f"{len(episodes)} episodes ({', '.join(f'{count} {name}' for name, count in outcomes.most_common())})",
            mean,
            f"{sum(episode.num_steps for episode in episodes)} steps",
            f"{sum(episode.num_turns for episode in episodes)} turns",
            f"{compact(sum(episode.usage.input_tokens for episode in episodes))} tokens in",
            f"{compact(sum(episode.usage.output_tokens for episode in episodes))} out",
            f"${dollars(sum(episode.cost_usd for episode in episodes))}",
            f"{sum(episode.ended_at - episode.started_at for episode in episodes):.1f} s",
        ]
    )


def short_ids(ids: Sequence[str]) -> dict[str, str]:
    """Return how much of each id names it alone: whole parts between dashes where they are short."""
    ordered = sorted(ids)
    neighbours = zip(["", *ordered], ordered, [*ordered[1:], ""], strict=False)
    return {own: _cut(own, 1 + max(_shared(own, before), _shared(own, after))) for before, own, after in neighbours}


def _shared(one: str, other: str) -> int:
    """Return the length of the common beginning."""
    differing = (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differing, min(len(one), len(other)))


def _cut(episode_id: str, needed: int) -> str:
    needed = max(needed, _SHORTEST_ID)
    part_end = episode_id.find("-", needed)
    return episode_id[: part_end if needed <= part_end <= _LONGEST_WHOLE_PART else needed]
