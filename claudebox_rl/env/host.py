"""Where an environment's episodes are played: in this process, or by a Ray actor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from claudebox_rl._registry import resolve
from claudebox_rl.env.core import EnvCore, StepReturn
from claudebox_rl.env.loop import shared_loop
from claudebox_rl.env.seats.seat import Observation
from claudebox_rl.env.settings import EnvSettings
from claudebox_rl.env.start import EpisodeStart, ForkStart

HOSTS = {
    "actor": "claudebox_rl.distributed.session_actor:ActorHost",
    "inline": "claudebox_rl.env.host:InlineHost",
}
"""Late names, so that this floor knows nothing of Ray."""


class Host(Protocol):
    """Owns one environment's machines. Synchronous: each call returns when its work is done."""

    def reset(self, start: EpisodeStart) -> tuple[Observation, dict[str, Any]]:
        """As `EnvCore.reset`."""
        ...

    def step(self, action: Any) -> StepReturn:
        """As `EnvCore.step`."""
        ...

    def fork(self, starts: Sequence[ForkStart]) -> list[Fork]:
        """As `EnvCore.fork`: a host for each start, and what there is to tell of its episode."""
        ...

    def close(self) -> None:
        """As `EnvCore.close`."""
        ...


Fork = tuple[Host, dict[str, Any]]


class InlineHost:
    """Plays in this process, on its shared event loop."""

    def __init__(self, settings: EnvSettings, core: EnvCore | None = None) -> None:
        self._settings, self._core = settings, core or EnvCore(settings)

    def reset(self, start: EpisodeStart) -> tuple[Observation, dict[str, Any]]:
        """As `EnvCore.reset`."""
        return shared_loop().run(self._core.reset(start))

    def step(self, action: Any) -> StepReturn:
        """As `EnvCore.step`."""
        return shared_loop().run(self._core.step(action))

    def fork(self, starts: Sequence[ForkStart]) -> list[Fork]:
        """See `Host.fork`."""
        cores = shared_loop().run(self._core.fork(starts))
        return [(InlineHost(self._settings, core), core.setting()) for core in cores]

    def close(self) -> None:
        """As `EnvCore.close`."""
        shared_loop().run(self._core.close())


def make_host(name: str, settings: EnvSettings) -> Host:
    """Return the host of that name (`inline`, `actor`); nothing is started yet."""
    return resolve("host", name, HOSTS)(settings)
