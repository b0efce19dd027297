"""Live progress on a terminal, a line an episode elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.cli.words import ending
from claudebox_rl.types import Episode, EpisodeRequest, Outcome

_STYLES = {
    Outcome.COMPLETED: "green",
    Outcome.TRUNCATED: "yellow",
    Outcome.AGENT_ERROR: "magenta",
    Outcome.INFRA_ERROR: "red",
    Outcome.CANCELLED: "dim",
}


class RolloutProgress:
    """Shows how far a rollout is; a `Listener`. Use as a context manager.

    Args:
        console: Where to show it.
        total: Episodes to be played.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self.episodes: list[Episode] = []
        """Those that ended for good, in that order."""
        self._returns: list[float] = []
        self._playing: dict[str, str] = {}
        self._started = time.monotonic()
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[status]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._row = self._bar.add_task("episodes", total=total, status="")

    def began(self, request: EpisodeRequest) -> None:
        """Show what is being played."""
        self._playing[request.episode_id] = (request.task_id or "").rsplit("/", 1)[-1]
        self._refresh()

    def ended(self, episode: Episode, *, again: bool) -> None:
        """Print one line, and move the bar."""
        self._playing.pop(episode.episode_id, None)
        if not again:
            self.episodes.append(episode)
        if episode.episode_return is not None:
            self._returns.append(episode.episode_return)
        self._console.print(
            self._line(episode, again), style=_STYLES[episode.outcome], markup=False, highlight=False, soft_wrap=True
        )
        self._refresh()

    def _line(self, episode: Episode, again: bool) -> str:
        value = "-" if episode.episode_return is None else f"{episode.episode_return:.2f}"
        seconds = episode.ended_at - episode.started_at
        tail = f"  {episode.error_type}: {_short(episode.error_message or '')}" if episode.error_type else ""
        return (
            f"[{len(self.episodes)}/{self._total}] {episode.task_id}  {ending(episode)}  return {value}  "
            f"{episode.num_steps} steps  {episode.num_turns} turns  {seconds:.1f} s{tail}{'  (again)' if again else ''}"
        )

    def _refresh(self) -> None:
        mean = f"mean return {sum(self._returns) / len(self._returns):.2f}  " if self._returns else ""
        self._bar.update(self._row, completed=len(self.episodes), status=mean + ", ".join(self._playing.values()))

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._bar.stop()


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= 160 else line[:159] + "…"
