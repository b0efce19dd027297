"""Trajectories out of sessions and datasets, for trainers that want no Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudebox_rl.errors import ConfigError, SessionNotFoundError, TrajectoryError, boundary
from claudebox_rl.session.export import document, files
from claudebox_rl.session.export.dataset import from_episode
from claudebox_rl.session.export.document import Document
from claudebox_rl.session.export.history import from_history
from claudebox_rl.session.keeping.folder import SessionFolder
from claudebox_rl.session.keeping.json_lines import read_lines
from claudebox_rl.trajectory import load_dataset

if TYPE_CHECKING:
    from claudebox_rl.session.box import ClaudeBox


class TrajectoryExporter:
    """Exports what was done as documents of JSON: prompts, tool calls, observations, exit codes and rewards, in order.

    ```python
    TrajectoryExporter(box).save_to_file("session.json")  # an open session, or one that was closed
    TrajectoryExporter("my-session").save_to_file("session.jsonl", format="jsonl")  # by its id
    TrajectoryExporter("rollouts/today").save_to_file("all.jsonl", format="jsonl")  # a dataset
    ```

    Nothing is read before it is asked for, and then as it is at that moment.

    Args:
        source: A session that keeps a history, a stored session's id, or a dataset's folder.
        episode: Of a dataset only: an episode's id, or how it begins; None: all.
        workspace_dir: Where the stored session lies; None: in `~/.claudebox`.

    Raises:
        ConfigError: A string that is neither a dataset's folder nor an id that a session can have.
    """

    def __init__(
        self, source: ClaudeBox | str | Path, *, episode: str | None = None, workspace_dir: str | Path | None = None
    ) -> None:
        self._documents = _open(source, episode, workspace_dir)

    def export_trajectory(self) -> Document:
        """Return the trajectory; several of a dataset as one merged document.

        Raises:
            SessionNotFoundError: No session of that id is stored.
            TrajectoryError: There is nothing to export, or what there is can't be read.
        """
        found = list(self._documents())
        return found[0] if len(found) == 1 else document.merged(found)

    def save_to_file(self, path: str | Path, format: str = "json") -> None:  # noqa: A002  # claudebox's name for it
        """Write the trajectory to a file, in one rename; folders are made where they are missing.

        Args:
            path: The file; replaced where it is there.
            format: `json`, one document; or `jsonl`, the head of each trajectory followed by its steps, a line each.

        Raises:
            SessionNotFoundError: No session of that id is stored.
            TrajectoryError: An unknown format, nothing to export, or the file can't be written.
        """
        files.save(Path(path), self._documents(), format)

    def get_state_action_pairs(self) -> list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
        """Return `(state, action, next_state)` of every step, in order.

        A state is what was to be seen: the prompt at work and the last observation. The next state has also the exit
        code, the reward and whether the trajectory is done.

        Raises:
            SessionNotFoundError: No session of that id is stored.
            TrajectoryError: There is nothing to export, or what there is can't be read.
        """
        return document.state_action_pairs(self.export_trajectory())

    @staticmethod
    def load_trajectory(path: str | Path, *, max_bytes: int = files.FILE_CAP_BYTES) -> Document:
        """Read a file that `save_to_file` wrote, in either format; several trajectories come as one merged document.

        Raises:
            TrajectoryError: There is no such file, it is larger than `max_bytes`, torn, or no trajectory.
            SchemaVersionError: A newer version of claudebox_rl wrote it.
        """
        return files.load(Path(path), max_bytes=max_bytes)

    @staticmethod
    def merge_trajectories(trajectories: Iterable[Document]) -> Document:
        """Return several trajectories (or merged ones) as one document, their steps in the order given.

        Raises:
            TrajectoryError: What is given is no trajectory, or two have the same id.
        """
        return document.merged(trajectories)


def _open(
    source: ClaudeBox | str | Path, episode: str | None, workspace_dir: str | Path | None
) -> Callable[[], Iterator[Document]]:
    if not isinstance(source, str | Path):
        return lambda: iter([from_history(source.session_id, source.history())])
    path = Path(source)
    if isinstance(source, Path) or len(path.parts) > 1 or (path / "episodes").is_dir():
        return lambda: _episodes(path, episode)
    if episode is not None:
        raise ConfigError(f"{source!r} is no dataset's folder, so it has no episode {episode!r}")
    folder = SessionFolder(source, workspace_dir)
    return lambda: iter([_session(folder)])


def _session(folder: SessionFolder) -> Document:
    if not folder.history.exists():
        raise SessionNotFoundError(
            f"no session {folder.session_id!r} with a history in {folder.path.parent}, and no dataset of that name",
            session_id=folder.session_id,
        )
    with boundary(TrajectoryError, f"the history of session {folder.session_id!r} can't be read"):
        lines = list(read_lines(folder.history))
    return from_history(folder.session_id, lines)


def _episodes(path: Path, episode: str | None) -> Iterator[Document]:
    dataset = load_dataset(path)
    yield from map(from_episode, dataset if episode is None else [dataset[episode]])
