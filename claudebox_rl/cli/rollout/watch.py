"""All that shows a run, behind one listener."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console

from claudebox_rl.cli.rollout.closing import print_closing
from claudebox_rl.cli.rollout.events import EventLines
from claudebox_rl.cli.rollout.groups import print_groups
from claudebox_rl.cli.rollout.lines import EpisodeLines
from claudebox_rl.cli.rollout.live import LiveDisplay
from claudebox_rl.cli.rollout.report import report
from claudebox_rl.cli.schema import RolloutApp
from claudebox_rl.cli.untrusted import printable
from claudebox_rl.errors import TrajectoryError
from claudebox_rl.playing.account import RunAccount
from claudebox_rl.playing.fanout import Fanout
from claudebox_rl.types import Outcome


class Watch:
    """Shows a run: live on a terminal, else a line an episode; and as events, where they are asked for.

    Use as a context manager while the run goes on; `close` it afterwards.

    Args:
        console: For people.
        num_planned: Episodes that are to be played.
        run_id: Of the run.
        dataset: Where its episodes go.
        events: Write events to the process's standard output.
    """

    def __init__(self, console: Console, num_planned: int, run_id: str, dataset: str | Path, *, events: bool) -> None:
        self._console = console
        self._run_id = run_id
        self._dataset = dataset
        self._account = account = RunAccount(num_planned)
        self._events = EventLines(sys.stdout, account, run_id) if events else None
        self._has_groups = False
        lines = EpisodeLines(console, account, only_errors=console.is_terminal)
        self.listener = Fanout(account, lines, *([self._events] if self._events else []))
        """What the run is to tell."""
        self._display: AbstractContextManager[Any] = (
            LiveDisplay(console, account) if console.is_terminal else nullcontext()
        )

    def tell_start(self, config: RolloutApp, sandbox: str) -> None:
        """Tell of the run that is about to begin.

        Args:
            config: Its settings, of which only names are told.
            sandbox: The backend that was chosen.
        """
        self._has_groups = config.rollout.group_size > 1
        if self._events is not None:
            self._events.run_started(
                dataset=str(self._dataset),
                model=config.model.upstream,
                agent=config.agent.name,
                sandbox=sandbox,
                num_workers=config.rollout.num_workers,
            )

    def close(self, *, interrupted: bool = False) -> int:
        """Print the closing tables, and return the exit code."""
        print_closing(self._console, self._account, self._dataset)
        self._print_from_dataset()
        exit_code = 130 if interrupted else int(self._account.outcomes[Outcome.INFRA_ERROR] > 0)
        if self._events is not None:
            self._events.run_ended(exit_code)
        return exit_code

    def _print_from_dataset(self) -> None:
        """Print what groups earned and where the time went; that it can't be read back is no reason to fail a run."""
        try:
            if self._has_groups:
                print_groups(self._console, self._dataset, self._run_id)
            report(str(self._dataset), self._run_id, console=self._console)
        except TrajectoryError as error:
            message = printable(f"no report: {error}")
            self._console.print(message, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._display.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._display.__exit__(kind, error, tb)
