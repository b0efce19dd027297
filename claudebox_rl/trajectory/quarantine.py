"""Damaged journals, set aside so that they don't hold up the others."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from claudebox_rl.errors import SchemaVersionError, TrajectoryError


class Quarantine:
    """Renames each damaged journal to `<name>.damaged` in `folder` and tells of all of them at the end."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._found: list[TrajectoryError] = []

    @contextmanager
    def of(self, journal: Path) -> Generator[None]:
        """Set `journal` aside where the body finds it damaged; other failures pass."""
        try:
            yield
        except SchemaVersionError:
            raise
        except TrajectoryError as error:
            self.set_aside(journal, error)

    def set_aside(self, journal: Path, error: TrajectoryError) -> None:
        """Set `journal` aside, since it is damaged."""
        journal.rename((self._folder or journal.parent) / f"{journal.name}.damaged")
        self._found.append(error)

    def report(self) -> None:
        """Raise the first damage found, if any, with the number of others.

        Raises:
            TrajectoryError: Names the file and the line.
        """
        if not self._found:
            return
        first, others = self._found[0], len(self._found) - 1
        more = f" (and {others} more)" if others else ""
        raise TrajectoryError(f"{first}{more}; set aside as *.damaged, the other journals are kept", **first.context)
