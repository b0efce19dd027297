"""The live display of a run on a terminal."""

from __future__ import annotations

from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.cli.words import age, compact, dollars
from claudebox_rl.playing.account import Playing, RunAccount
from claudebox_rl.types import Stage

_REFRESHES_PER_S = 4
_BAR_WIDTH = 30
_NAMED_PER_STAGE = 6


class LiveDisplay:
    """Shows how far a run is, drawn anew a few times a second. Use as a context manager; what is printed goes above it.

    Args:
        console: The terminal.
        account: What is shown.
    """

    def __init__(self, console: Console, account: RunAccount) -> None:
        self._account = account
        self._live = Live(console=console, refresh_per_second=_REFRESHES_PER_S, get_renderable=self.render)

    def render(self) -> RenderableType:
        """Return the display as of now. Called from rich's thread, so it reads each part of the account once."""
        return Group(self._bar(), _line(self._sums()), *map(_line, self._stages()))

    def _bar(self) -> RenderableType:
        account, done = self._account, self._account.all.num_episodes
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(width=_BAR_WIDTH)
        grid.add_column(no_wrap=True, overflow="ellipsis")
        words = [
            f"{done}/{account.num_total} episodes",
            f"{len(account.playing)} running",
            f"{account.all.num_failed} failed",
            f"{timedelta(seconds=int(account.elapsed_s))}",
        ]
        if account.rate is not None and account.eta_s is not None:
            words += [_rate(account.rate), f"{age(account.eta_s)} left"]
        grid.add_row(ProgressBar(total=account.num_total, completed=done), Text("  ".join(words)))
        return grid

    def _sums(self) -> str:
        sums, usage = self._account.all, self._account.all.usage
        machines = self._account.num_machines
        share = "" if sums.valid_share is None else f" ({sums.valid_share:.0%} valid)"
        mean = "-" if sums.mean_return is None else f"{sums.mean_return:.3f}"
        return "  ".join(
            [
                f"mean return {mean}{share}",
                f"{compact(usage.input_tokens)} tokens in, {compact(usage.output_tokens)} out",
                f"${dollars(sums.cost_usd)}",
                *([f"{machines} machines"] if machines else []),
            ]
        )

    def _stages(self) -> list[str]:
        playing = sorted(self._account.playing.copy().values(), key=lambda one: one.since)
        by_stage = {stage: [one for one in playing if one.stage is stage] for stage in (None, *Stage)}
        return [
            f"{stage or 'playing':<7} {len(members):>3}  {self._names(members)}"
            for stage, members in by_stage.items()
            if members
        ]

    def _names(self, playing: list[Playing]) -> str:
        now = self._account.now()
        names = [
            f"{one_line((one.request.task_id or '-').rsplit('/', 1)[-1])} {age(now - one.since)}"
            for one in playing[:_NAMED_PER_STAGE]
        ]
        return ", ".join(names) + (", ..." if len(playing) > _NAMED_PER_STAGE else "")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._live.stop()


def _line(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")


def _rate(per_s: float) -> str:
    """Return a rate in the largest unit in which it is at least 1."""
    for unit, seconds in (("s", 1), ("min", 60)):
        if per_s * seconds >= 1:
            return f"{per_s * seconds:.1f}/{unit}"
    return f"{per_s * 3600:.1f}/h"
