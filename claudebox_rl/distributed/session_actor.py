"""The Ray actor that owns sessions and their machines for environments of other processes."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from typing import Any

from ray.exceptions import RayActorError, RayTaskError

from claudebox_rl.distributed.cluster import ensure_ray, ray
from claudebox_rl.env.core import EnvCore, StepReturn
from claudebox_rl.env.host import Fork
from claudebox_rl.env.seats.seat import Observation
from claudebox_rl.env.settings import EnvSettings
from claudebox_rl.env.start import EpisodeStart, ForkStart
from claudebox_rl.errors import ClaudeBoxError, SandboxUnavailableError
from claudebox_rl.sandbox.after_death import reap_after_death

SESSIONS_PER_ACTOR = 16
"""An actor process costs about 60 MB and 1 to 3 s; a session in it almost nothing."""


class SessionActor:
    """Plays the episodes of several environments, all on one event loop."""

    def __init__(self) -> None:
        reap_after_death()
        self._cores: dict[str, EnvCore] = {}

    async def reset(self, key: str, settings: EnvSettings, start: EpisodeStart) -> tuple[Observation, dict[str, Any]]:
        """Boot a machine for environment `key`."""
        core = self._cores.setdefault(key, EnvCore(settings))
        return await core.reset(start)

    async def step(self, key: str, action: Any) -> StepReturn:
        """Step environment `key`."""
        return await self._cores[key].step(action)

    async def fork(self, key: str, keys: Sequence[str], starts: Sequence[ForkStart]) -> list[dict[str, Any]]:
        """Fork environment `key` into as many others, which this actor owns as well; return what to tell of each."""
        cores = await self._cores[key].fork(starts)
        self._cores |= dict(zip(keys, cores, strict=True))
        return [core.setting() for core in cores]

    async def close(self, key: str) -> None:
        """End the machine of environment `key`. Idempotent."""
        core = self._cores.pop(key, None)
        if core is not None:
            await core.close()


class _Actors:
    """The session actors of this process, filled one after another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leases: dict[Any, int] = {}

    def lease(self) -> Any:
        with self._lock:
            ensure_ray()
            roomy = (actor for actor, num_leases in self._leases.items() if num_leases < SESSIONS_PER_ACTOR)
            actor = next(roomy, None) or _start_actor()
            self._leases[actor] = self._leases.get(actor, 0) + 1
            return actor

    def lease_again(self, actor: Any, count: int) -> None:
        """Lease an actor that is leased already: forks stay where their parent is, however full that is."""
        with self._lock:
            self._leases[actor] = self._leases.get(actor, 0) + count

    def release(self, actor: Any, *, dead: bool) -> None:
        with self._lock:
            if dead:
                self._leases.pop(actor, None)
            elif actor in self._leases:
                self._leases[actor] -= 1


def _start_actor() -> Any:
    remote = ray.remote(num_cpus=0, max_restarts=0, max_task_retries=0, max_concurrency=1000)(SessionActor)
    return remote.remote()


_actors = _Actors()


class ActorHost:
    """Has an environment's episodes played by a session actor, which is started at the first `reset`."""

    def __init__(self, settings: EnvSettings) -> None:
        self._settings = settings
        self._key = uuid.uuid4().hex
        self._actor: Any = None

    def reset(self, start: EpisodeStart) -> tuple[Observation, dict[str, Any]]:
        """As `EnvCore.reset`; an actor that died is replaced."""
        if self._actor is None:
            self._actor = _actors.lease()
        return self._get(self._actor.reset.remote(self._key, self._settings, start))

    def step(self, action: Any) -> StepReturn:
        """As `EnvCore.step`.

        Raises:
            SandboxUnavailableError: The actor died, and the machine with it.
        """
        if self._actor is None:
            raise ClaudeBoxError("step() before reset(): call reset()")
        return self._get(self._actor.step.remote(self._key, action))

    def fork(self, starts: Sequence[ForkStart]) -> list[Fork]:
        """See `Host.fork`; the forks live in the same actor.

        Raises:
            SandboxUnavailableError: The actor died, and the machine with it.
        """
        if self._actor is None:
            raise ClaudeBoxError("fork() before reset(): call reset()")
        heirs = [ActorHost(self._settings) for _ in starts]
        told = self._get(self._actor.fork.remote(self._key, [heir._key for heir in heirs], starts))
        _actors.lease_again(self._actor, len(heirs))
        for heir in heirs:
            heir._actor = self._actor
        return list(zip(heirs, told, strict=True))

    def close(self) -> None:
        """As `EnvCore.close`."""
        actor, self._actor = self._actor, None
        if actor is None or not ray.is_initialized():
            return
        try:
            ray.get(actor.close.remote(self._key))
        except RayActorError:
            _actors.release(actor, dead=True)
        else:
            _actors.release(actor, dead=False)

    def _get(self, reference: Any) -> Any:
        try:
            return ray.get(reference)
        except RayActorError as error:
            actor, self._actor = self._actor, None
            _actors.release(actor, dead=True)
            raise SandboxUnavailableError(
                "the Ray actor that owned the session died, and its machine with it"
            ) from error
        except RayTaskError as error:
            raise error.cause from None
        except BaseException:
            ray.cancel(reference)
            raise
