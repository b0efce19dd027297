"""What users call: from tasks, a model and a policy to a stream of episodes, and a dataset."""

from __future__ import annotations

import asyncio
import dataclasses
import time
import uuid
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator, Sized
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from claudebox_rl.config import DeadlineConfig, PolicyConfig, RayConfig, RolloutConfig, parse
from claudebox_rl.playing.fanout import Fanout
from claudebox_rl.playing.inline import Inline
from claudebox_rl.playing.listener import Listener, Silent
from claudebox_rl.playing.plan import in_groups, plan_episodes
from claudebox_rl.playing.player import PlayerSpec
from claudebox_rl.playing.prepare import check_rollout, prepare
from claudebox_rl.playing.run import RunRecord, opened_run
from claudebox_rl.playing.schedule import Unit, as_unit
from claudebox_rl.types import Episode, EpisodeRequest


class _Source(Protocol):
    def next(self) -> Episode | None: ...
    def close(self) -> None: ...


class Rollout:
    """Episodes, as they end: to be iterated once, by `for` or `async for`.

    Nothing starts before the first episode is asked for. From then on workers play ahead, up to `max_in_flight`, while
    the taker thinks. The end of the loop, a `break`, an exception in it, an interrupt and `close` all end workers and
    machines, keep what is finished, and store what was being played as `cancelled`.

    Args:
        requests: What to play: requests, and tuples of requests (groups, each of one task). Read as they are needed,
            in a thread of their own, and so may be endless, or wait. Or a context manager that gives them, which is
            entered at the start and left at the end: a run that is held meanwhile.
        spec: What is played with, by how many workers, and into which dataset.
        cluster: Where they run.
        run_id: Put into requests that have none.
        listener: Hears of each episode.

    Raises:
        ConfigError: A number of `spec.rollout` is out of range.

    Attributes:
        run_id: Of the run.
        dataset: The folder or URI that it writes to.
    """

    def __init__(
        self,
        requests: Iterable[EpisodeRequest | Unit] | AbstractContextManager[Iterable[EpisodeRequest | Unit]],
        spec: PlayerSpec,
        cluster: RayConfig,
        *,
        run_id: str = "",
        listener: Listener | None = None,
    ) -> None:
        check_rollout(spec.rollout)
        self.run_id, self.dataset = run_id, spec.dataset
        self._requests = requests
        self._held = ExitStack()
        self._spec, self._cluster = spec, cluster
        self._listener = listener or Silent()
        self._source: _Source | None = None
        self._is_closed = False

    def __iter__(self) -> Generator[Episode]:
        try:
            while (episode := self._next()) is not None:
                yield episode
        finally:
            self.close()

    async def __aiter__(self) -> AsyncGenerator[Episode]:
        try:
            while (episode := await asyncio.to_thread(self._next)) is not None:
                yield episode
        finally:
            await asyncio.shield(asyncio.to_thread(self.close))

    def close(self) -> None:
        """End workers and machines; what is finished is kept. Idempotent; safe in any thread.

        Raises:
            TrajectoryError: The dataset can't be written; finished episodes stay in its journal.
        """
        self._is_closed = True
        with self._held:
            if self._source is not None:
                self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _next(self) -> Episode | None:
        if self._is_closed:
            return None
        if self._source is None:
            self._source = self._start()
        return self._source.next()

    def _start(self) -> _Source:
        requests = self._requests
        if isinstance(requests, AbstractContextManager):
            requests = self._held.enter_context(requests)
        units = _units(requests)
        if self._spec.rollout.num_workers == 0 or not units:
            return Inline(units, self._spec, self._listener)
        from claudebox_rl.distributed.metrics import RayMetrics  # they load Ray
        from claudebox_rl.distributed.stream import Stream

        listener = Fanout(RayMetrics(self.run_id), self._listener)
        return Stream(units, self._spec, self._cluster, listener)


class _Units:
    """Requests as units, checked as they are read."""

    def __init__(self, requests: Iterable[EpisodeRequest | Unit]) -> None:
        self._requests = requests

    def __iter__(self) -> Iterator[Unit]:
        return map(as_unit, self._requests)


class _SizedUnits(_Units):
    def __len__(self) -> int:
        assert isinstance(self._requests, Sized)
        return len(self._requests)


def _units(requests: Iterable[EpisodeRequest | Unit]) -> Iterable[Unit]:
    return _SizedUnits(requests) if isinstance(requests, Sized) else _Units(requests)


def rollout(
    requests: Iterable[EpisodeRequest | Unit] | None = None,
    *,
    policy: str | dict[str, Any] | PolicyConfig = "instruction",
    ray: str | dict[str, Any] | RayConfig = "local",
    out: str | Path | None = None,
    run_id: str | None = None,
    seed: int = 0,
    listener: Listener | None = None,
    **settings: Any,
) -> Rollout:
    """Play tasks into a dataset.

    ```python
    for episode in rollout(task="quickstart", model="oracle", num_workers=4, episodes_per_task=8):
        print(episode.task_id, episode.outcome, episode.episode_return)
    ```

    Args:
        requests: What to play; None: each task `episodes_per_task` times, as far as the run's dataset has them not.
        policy: Who chooses the actions: by name, or the fields of `PolicyConfig`.
        ray: The cluster's address, or the fields of `RayConfig`.
        out: The dataset's folder or URI; None: `rollouts/<run_id>`.
        run_id: Part of the episodes' ids; the same again goes on with a run. None: the time, and four random digits.
        seed: Of the first episode of each task; the next ones count up.
        listener: Hears of each episode, in the scheduler's thread.
        **settings: Keywords of `ClaudeBoxEnv` (`task`, `model`, `agent`, `sandbox`, `seat`, `rewards`, ...) and fields
            of `RolloutConfig` (`num_workers`, `episodes_per_task`, `max_in_flight`, ...).

    Returns:
        The rollout, not begun.

    Raises:
        ConfigError: An unknown name, field or value; nothing was started.
        TaskError: A task is unknown, malformed, or can't be played on the chosen sandbox.
        SandboxStartError: No sandbox can be had here.
    """
    config = _rollout_config(settings)
    env_kwargs = {name: value for name, value in settings.items() if not hasattr(config, name)}
    who = parse(PolicyConfig, policy, key="name", where="policy")
    cluster = parse(RayConfig, ray, key="address", where="ray")
    prepared = prepare(env_kwargs, who, config)
    run_id = run_id or new_run_id()
    dataset = out if out and "://" in str(out) else Path(out or f"rollouts/{run_id}").expanduser().absolute()
    work: Iterable[EpisodeRequest | Unit] | AbstractContextManager[Iterable[EpisodeRequest | Unit]]
    if requests is not None:
        work = requests
    else:
        stored = {**_json(env_kwargs), "policy": dataclasses.asdict(who), "rollout": dataclasses.asdict(config)}
        plan = plan_episodes(
            prepared.task_ids,
            episodes_per_task=config.episodes_per_task,
            group_size=config.group_size,
            seed=seed,
            run_id=run_id,
            config=stored,
        )
        work = _left(dataset, RunRecord(run_id, stored), plan, config)
    spec = PlayerSpec(prepared.env_kwargs, who, dataset, config)
    return Rollout(work, spec, cluster, run_id=run_id, listener=listener)


@contextmanager
def _left(
    dataset: str | Path, record: RunRecord, plan: list[EpisodeRequest], config: RolloutConfig
) -> Generator[Iterable[EpisodeRequest | Unit]]:
    with opened_run(dataset, record, plan, max_attempts=config.max_attempts) as left:
        yield in_groups(left, config.group_size)


def new_run_id() -> str:
    """Return a name for a run that sorts by time."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:4]}"


def _rollout_config(settings: dict[str, Any]) -> RolloutConfig:
    own = {f.name: settings[f.name] for f in dataclasses.fields(RolloutConfig) if f.name in settings}
    if "deadlines" in own:
        own["deadlines"] = parse(DeadlineConfig, own["deadlines"], key="agent_s", where="deadlines")
    return parse(RolloutConfig, own, key="num_workers", where="rollout")


def _json(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings as a dataset stores them."""
    return {
        name: dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value
        for name, value in settings.items()
    }
