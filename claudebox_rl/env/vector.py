"""Several environments stepped at the same time: `gym.make_vec("ClaudeBox-v0", num_envs=8)`."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

import gymnasium as gym
from gymnasium.vector import SyncVectorEnv
from gymnasium.vector.utils import iterate

from claudebox_rl.env.make import make_claudebox


class _Ahead(gym.Wrapper[Any, Any, Any, Any]):
    """Begins a call in a thread, so that the vector's own loop, one environment after another, only collects."""

    pool: ThreadPoolExecutor
    _pending: Future[Any] | None = None

    def begin_step(self, action: Any) -> Future[Any]:
        self._pending = self.pool.submit(self.env.step, action)
        return self._pending

    def begin_reset(self, seed: int | None, options: dict[str, Any] | None) -> Future[Any]:
        self._pending = self.pool.submit(partial(self.env.reset, seed=seed, options=options))
        return self._pending

    def step(self, action: Any) -> Any:
        return self._collect() if self._pending else self.env.step(action)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        return self._collect() if self._pending else self.env.reset(seed=seed, options=options)

    def _collect(self) -> Any:
        pending, self._pending = self._pending, None
        assert pending is not None
        return pending.result()


class ClaudeBoxVectorEnv(SyncVectorEnv):
    """Gymnasium's synchronous vector, but the machines work at the same time; a step lasts as long as its slowest.

    Spaces, batching, `infos` and autoreset (next step) are Gymnasium's. A machine that fails raises out of `step`, when
    all others have finished theirs; use `run_episode` where episodes must not know of each other.

    Args:
        num_envs: How many environments, each with machines of its own.
        **kwargs: As `make_claudebox`, for every environment.
    """

    action_space: gym.Space[Any]

    def __init__(self, num_envs: int, **kwargs: Any) -> None:
        self._pool = ThreadPoolExecutor(num_envs, thread_name_prefix="claudebox-env")
        self._ahead: list[_Ahead] = []
        make = partial(self._make, kwargs)
        super().__init__([make] * num_envs)  # pyright: ignore[reportUnknownMemberType]  # Gymnasium's are partly untyped

    def _make(self, kwargs: dict[str, Any]) -> gym.Env[Any, Any]:
        env = _Ahead(make_claudebox(**kwargs))
        env.pool = self._pool
        self._ahead.append(env)
        return env

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> Any:
        """Reset all environments at the same time (with `reset_mask` in `options`: those)."""
        seeds = [None if seed is None else seed + i for i in range(self.num_envs)] if not _is_list(seed) else seed
        passed = {name: value for name, value in (options or {}).items() if name != "reset_mask"}
        mask = (options or {}).get("reset_mask", [True] * self.num_envs)
        wait([self._ahead[i].begin_reset(seeds[i], passed) for i in range(self.num_envs) if mask[i]])
        return super().reset(seed=seed, options=dict(options) if options else None)

    def step(self, actions: Any) -> Any:
        """Step all environments at the same time; those whose episode ended are reset instead."""
        plan = zip(self._ahead, iterate(self.action_space, actions), self._autoreset_envs, strict=True)
        wait([env.begin_reset(None, None) if resets else env.begin_step(action) for env, action, resets in plan])
        return super().step(actions)

    def close_extras(self, **kwargs: Any) -> None:
        """End all machines at the same time."""
        list(self._pool.map(_Ahead.close, self._ahead))
        self._pool.shutdown()


def _is_list(seed: Any) -> bool:
    return isinstance(seed, (list, tuple))
