"""A line an episode: what a run shows without a terminal."""

from __future__ import annotations

from rich.console import Console

from claudebox_rl.cli.untrusted import one_line, printable
from claudebox_rl.cli.words import OUTCOME_STYLES, ending, number
from claudebox_rl.playing.account import RunAccount
from claudebox_rl.playing.listener import Silent
from claudebox_rl.types import Episode, EpisodeRequest

_LONGEST_MESSAGE = 160


class EpisodeLines(Silent):
    """Prints each episode as it ends; a `Listener`.

    Args:
        console: Where to print.
        account: The run's, which hears first.
        only_errors: Leave out episodes that ended without one.
    """

    def __init__(self, console: Console, account: RunAccount, *, only_errors: bool = False) -> None:
        self._console = console
        self._account = account
        self._only_errors = only_errors

    def began(self, request: EpisodeRequest) -> None:
        """Print nothing."""

    def ended(self, episode: Episode, *, again: bool) -> None:
        """Print one line."""
        if self._only_errors and episode.error_type is None:
            return
        place = f"[{self._account.all.num_episodes}/{self._account.num_total}]"
        self._console.print(
            printable(f"{place} {_summary(episode)}{'  (again)' if again else ''}"),
            style=OUTCOME_STYLES[episode.outcome],
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _summary(episode: Episode) -> str:
    seconds = episode.ended_at - episode.started_at
    error = f"  {episode.error_type}: {_short(episode.error_message or '')}" if episode.error_type else ""
    return (
        f"{episode.task_id}  {ending(episode)}  return {number(episode.episode_return)}  {episode.num_steps} steps  "
        f"{episode.num_turns} turns  {seconds:.1f} s{error}"
    )


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"
