"""One at a time: whoever rewrites parts of a dataset holds this while it does."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.trajectory.holding import driving

_ROLE = ".upkeep"
"""Held as a run's driver holds its run: by a lock on this host, and a lease on storage elsewhere."""


@contextmanager
def turn(dataset: str | Path) -> Generator[None]:
    """Be the only one that rewrites parts of a dataset. Commits and readers go on beside it.

    Raises:
        TrajectoryError: Somebody else does, or the storage can't be written.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(driving(dataset, _ROLE))
        except ConfigError as error:
            message = str(error).replace(f"run {_ROLE!r} is driven", f"{dataset} is put in order")
            raise TrajectoryError(message.removesuffix(", or choose another run=")) from error
        yield
