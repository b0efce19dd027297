"""All episodes of a dataset, several at once, judged anew; what is done is stored as it comes."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import gymnasium as gym

from claudebox_rl import __version__
from claudebox_rl.config import SandboxConfig
from claudebox_rl.env.loop import shared_loop
from claudebox_rl.errors import ClaudeBoxError, ConfigError, TaskError, TrajectoryError
from claudebox_rl.playing.rescoring.evidence import judged, stored_verdict, unjudgeable
from claudebox_rl.playing.rescoring.records import Found, records
from claudebox_rl.playing.rescoring.verdict import (
    changes_of,
    missing_evidence,
    missing_state,
    task_sha256,
    verdict_anew,
)
from claudebox_rl.rewards import Reward, apply_rewards, reward_configs, reward_kinds, reward_names
from claudebox_rl.tasks import Task, find_tasks
from claudebox_rl.trajectory import Dataset, EpisodeRecord, load_dataset
from claudebox_rl.trajectory.rescores import Rescore, done, write_rescores
from claudebox_rl.types import Changes, Episode, VerifierResult

Whose = Literal["auto", "anew", "stored"]
_FLUSH = 64
_FLUSH_S = 20.0


@dataclass(frozen=True, slots=True)
class Rescoring:
    """What is asked of a rescoring."""

    rewards: tuple[Reward, ...] = ()
    """Beside the verdict, as `rollout` has them."""
    name: str | None = None
    """Of the column set; None: the rewards' names, joined by `+`, or `verifier` without one."""
    verifier: Whose = "auto"
    """Whose verdict: `anew` runs the verifier on the stored final state; `stored` takes that of the play and needs no
    machine; `auto` is `stored` where rewards are given and none of them is the verdict itself."""
    task: str | Sequence[str] | None = None
    """Where the tasks are found; None: where the episodes' settings say."""
    sandbox: SandboxConfig | None = None
    """None: as each episode was played."""
    num_parallel: int = field(default_factory=lambda: os.cpu_count() or 1)

    @property
    def runs_verifier(self) -> bool:
        """Whether the verifier is run anew."""
        if self.verifier != "auto":
            return self.verifier == "anew"
        return not self.rewards or any(getattr(kind, "is_verdict", False) for kind in reward_kinds(self.rewards))

    def names(self) -> str:
        """Return the name of the column set."""
        return self.name or "+".join(reward_names(self.rewards)) or "verifier"


def rescore(
    dataset: str | Path, asked: Rescoring, on_result: Callable[[Rescore, int], None] = lambda _result, _left: None
) -> int:
    """Judge a dataset's episodes anew and store the results beside them; blocks. What has a result is skipped.

    Args:
        dataset: Its folder or URI.
        asked: What to compute.
        on_result: Hears of each result, with how many are left.

    Returns:
        How many episodes failed by an error; they are tried again the next time.

    Raises:
        ConfigError: A reward or setting is unknown, before anything is computed.
        TrajectoryError: The dataset can't be read or written.
    """
    if asked.num_parallel < 1:
        raise ConfigError(f"rescore: num_parallel must be at least 1, not {asked.num_parallel}")
    kinds = reward_kinds(asked.rewards)
    apply_rewards(gym.Env(), asked.rewards)
    stored = load_dataset(dataset)
    settings = {
        "rewards": [asdict(config) for config in reward_configs(asked.rewards)],
        "verifier": "anew" if asked.runs_verifier else "stored",
        "sandbox": asdict(asked.sandbox) if asked.sandbox else None,
    }
    judge = _Judge(stored, asked, kinds, json.dumps(settings, sort_keys=True))
    return shared_loop().run(_all(dataset, judge, on_result))


async def _all(dataset: str | Path, judge: _Judge, on_result: Callable[[Rescore, int], None]) -> int:
    todo = await asyncio.to_thread(judge.missing)
    left, failed = len(todo), 0
    batch: list[Rescore] = []
    since = time.monotonic()
    try:
        async with contextlib.aclosing(_in_parallel(judge, records(judge.dataset, todo))) as results:
            async for result in results:
                left, failed = left - 1, failed + (result.error_type is not None)
                batch.append(result)
                on_result(result, left)
                if len(batch) >= _FLUSH or time.monotonic() - since > _FLUSH_S:
                    full, batch, since = batch, [], time.monotonic()
                    await asyncio.to_thread(write_rescores, dataset, full)
    finally:
        write_rescores(dataset, batch)
    return failed


async def _in_parallel(judge: _Judge, waiting: Iterator[Found]) -> AsyncGenerator[Rescore]:
    running: set[asyncio.Task[Rescore]] = set()
    try:
        while True:
            while len(running) < judge.asked.num_parallel:
                found = await asyncio.to_thread(next, waiting, None)
                if found is None:
                    break
                running.add(asyncio.create_task(judge.one(*found)))
            if not running:
                return
            ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class _NoEvidenceError(Exception):
    """The dataset does not hold what the rewards need of an episode."""


class _Judge:
    def __init__(self, dataset: Dataset, asked: Rescoring, kinds: Sequence[type], settings: str) -> None:
        self.asked, self.dataset, self._settings = asked, dataset, settings
        self._needs_changes = any(getattr(kind, "needs_changes", False) for kind in kinds)
        self._needs_refused = any(getattr(kind, "needs_refused", False) for kind in kinds)
        self._needs_machine = any(getattr(kind, "needs_machine", False) for kind in kinds)
        self._tasks: dict[str, Task] = {}
        self._hashes: dict[str, str] = {}
        self._sought: set[str] = set()
        identity = f"{settings}\0{asked.names()}\0{__version__}"
        self.rescore_id = f"rescore-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"

    def missing(self) -> list[str]:
        """Return the episodes that have no result with these settings, and with the tasks as they are now."""
        if self.asked.task is not None:
            self._tasks = {task.task_id: task for task in find_tasks(self.asked.task)}
        known = done(self.dataset.storage, self.rescore_id)
        if not known:
            return list(dict.fromkeys(self.dataset.episode_ids))
        missing = (each.episode_id for each in self.dataset.summaries() if not self._has(known, each))
        return list(dict.fromkeys(missing))

    def _has(self, known: dict[str, str | None], episode: Episode) -> bool:
        episode_id = episode.episode_id
        return episode_id in known and known[episode_id] == self._hash(episode.task_id, episode.config)

    async def one(self, episode_id: str, record: EpisodeRecord | TrajectoryError) -> Rescore:
        """Judge one episode; whatever fails is in what is returned."""
        result = Rescore(
            self.rescore_id,
            self.asked.names(),
            episode_id,
            verifier="anew" if self.asked.runs_verifier else "stored",
            settings=self._settings,
            code_version=__version__,
        )
        try:
            if isinstance(record, TrajectoryError):
                raise record
            hashed = await asyncio.to_thread(self._hash, record.episode.task_id, record.episode.config)
            result = replace(result, task_sha256=hashed)
            verdict, changes = await self._evidence(record)
            rewards = await asyncio.to_thread(judged, record, verdict, list(self.asked.rewards), changes)
            result = _with(result, verdict, rewards)
        except _NoEvidenceError as why:
            result = replace(result, reason=str(why))
        except Exception as error:  # a reward of somebody else's may raise anything; the other episodes go on
            result = replace(result, reason=str(error) or type(error).__name__, error_type=type(error).__name__)
        return replace(result, at=time.time())

    async def _evidence(self, record: EpisodeRecord) -> tuple[VerifierResult, Changes | None]:
        episode = record.episode
        why = unjudgeable(record, is_anew=self.asked.runs_verifier)
        if why is None and self._needs_machine:
            why = "a reward looks into the machine between the steps, which is gone"
        if why is None and self._needs_refused and any(step.refused is None for step in record.steps):
            why = "it was stored without the connections that were refused"
        if why is None and (self.asked.runs_verifier or self._needs_changes):
            why = missing_state(episode)
        if why is not None:
            raise _NoEvidenceError(why)
        changes = None
        if self._needs_changes:
            changes = await asyncio.to_thread(changes_of, episode, self._task(episode.task_id, episode.config))
        if not self.asked.runs_verifier:
            verdict = stored_verdict(record)
            if verdict is None:
                raise _NoEvidenceError("no verdict of the play is stored")
            return verdict, changes
        task = self._task(episode.task_id, episode.config)
        if (why := missing_evidence(task)) is not None:
            raise _NoEvidenceError(why)
        return await verdict_anew(self.dataset, episode, task, self.asked.sandbox, episode.config), changes

    def _hash(self, task_id: str, config: dict[str, Any]) -> str | None:
        """Return the hash of a task's folder; None where no file of it has a say."""
        if not (self.asked.runs_verifier or self._needs_changes):
            return None
        try:
            task = self._task(task_id, config)
        except ClaudeBoxError:
            return None
        if task_id not in self._hashes:
            self._hashes[task_id] = task_sha256(task)
        return self._hashes[task_id]

    def _task(self, task_id: str, config: dict[str, Any]) -> Task:
        """Return a task by its id, from where the user, the episode's settings, or its id say.

        Raises:
            TaskError: It is found nowhere.
        """
        selectors = [] if self.asked.task is not None else [config.get("task"), task_id]
        for selector in selectors:
            if task_id in self._tasks:
                break
            key = json.dumps(selector)
            if selector and key not in self._sought:
                self._sought.add(key)
                with contextlib.suppress(TaskError):
                    for task in find_tasks(selector):
                        self._tasks.setdefault(task.task_id, task)
        if task_id not in self._tasks:
            raise TaskError(f"task {task_id!r} is not found here: say where, with task=FOLDER", task_id=task_id)
        return self._tasks[task_id]


def _with(result: Rescore, verdict: VerifierResult, rewards: dict[str, float]) -> Rescore:
    is_anew = result.verifier == "anew"
    return replace(
        result,
        episode_return=sum(rewards.values()),
        rewards=rewards,
        verifier_reward=verdict.reward,
        verifier_rewards=verdict.rewards,
        verifier_output=verdict.output if is_anew else None,
        verifier_exit_code=verdict.exit_code if is_anew else None,
        verify_s=verdict.duration_s if is_anew else None,
    )
