"""The state that the members of a group begin in, and the environments that begin there."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import gymnasium as gym

from claudebox_rl.env.base import ClaudeBoxEnv
from claudebox_rl.env.fork import fork_env
from claudebox_rl.errors import ClaudeBoxError, SandboxUnavailableError

log = logging.getLogger(__name__)
Env = gym.Env[Any, Any]


class GroupStart:
    """A state that episodes begin in: an environment that stands there, is forked, and plays nothing itself.

    For several threads.

    Args:
        prepare: Makes such an environment, at the first fork and where its machine died; None: only `stand` brings one.
    """

    def __init__(self, prepare: Callable[[], Env] | None = None) -> None:
        self._prepare = prepare
        self._made: list[Env] = []
        self._standing: Env | None = None
        self._turn = threading.Lock()

    @property
    def is_ready(self) -> bool:
        """Whether episodes can begin here."""
        return self._prepare is not None or self._standing is not None

    def stand(self, env: Env) -> None:
        """Have a fork of an environment stand here; where it can't be forked just now, nothing changes."""
        try:
            (heir,) = fork_env(env)
        except ClaudeBoxError as error:
            log.warning("nothing branches off: %s", error)
            return
        with self._turn:
            self._made.append(heir)
            self._standing = heir

    def fork(self, episode_id: str, seed: int | None) -> Env:
        """Return an environment in an episode that begins here; the caller closes it.

        Raises:
            SandboxStartError: A machine did not start.
            SandboxUnavailableError: The machine that stood here died, and there is no other one.
            ClaudeBoxError: As `ClaudeBoxEnv.reset` and `ClaudeBoxEnv.fork`.
        """
        env = self._env()
        try:
            return _fork(env, episode_id, seed)
        except SandboxUnavailableError:
            with self._turn:
                self._standing = None if self._standing is env else self._standing
            return _fork(self._env(), episode_id, seed)

    def close(self) -> None:
        """End the machine. Idempotent."""
        self._standing = None
        while self._made:
            self._made.pop().close()

    def _env(self) -> Env:
        with self._turn:
            if self._standing is None:
                if self._prepare is None:
                    raise SandboxUnavailableError("the machine that the group's episodes branch off from died")
                self._standing = self._prepare()
                self._made.append(self._standing)
            return self._standing


def _fork(env: Env, episode_id: str, seed: int | None) -> Env:
    (heir,) = fork_env(env, episode_ids=[episode_id], seeds=None if seed is None else [seed])
    return heir


class Forked(gym.Env[Any, Any]):
    """An environment whose `reset` forks a group's start; for one episode.

    Args:
        start: Where it begins.
    """

    def __init__(self, start: GroupStart) -> None:
        self._start = start
        self._heir: Env | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin the episode of `options["episode_id"]`. Raises as `GroupStart.fork`.

        Its `boot_s` is the time until the fork's machine was there: with what the preparation took, where that was
        waited for.
        """
        asked = time.monotonic()
        self._heir = self._start.fork((options or {})["episode_id"], seed)
        base = self._heir.unwrapped
        assert isinstance(base, ClaudeBoxEnv)
        assert base.begun is not None
        info = base.begun.info
        return base.begun.observation, {**info, "boot_s": time.monotonic() - asked - info["setup_s"]}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """As `ClaudeBoxEnv.step`."""
        assert self._heir is not None
        return self._heir.step(action)

    def close(self) -> None:
        """End the machine. Idempotent."""
        heir, self._heir = self._heir, None
        if heir is not None:
            heir.close()


class Trunk(gym.Wrapper[Any, Any, Any, Any]):
    """Has a group's start stand where this episode is after some steps, unless it ends before; it goes on itself.

    Args:
        env: What the episode is played on.
        start: What is to stand there.
        branch_at: Steps until there, at least 1.
    """

    def __init__(self, env: Env, start: GroupStart, branch_at: int) -> None:
        super().__init__(env)
        self._start, self._left = start, branch_at

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step, and stand there where it is time."""
        stepped = self.env.step(action)
        self._left -= 1
        if self._left == 0 and not (stepped[2] or stepped[3]):
            self._start.stand(self.env)
        return stepped
