"""Several environments stepped at the same time: `gym.make_vec("ClaudeBox-v0", num_envs=8)`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from threading import Thread
from typing import Any, cast

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate

from claudebox_rl.env.calls import Calls, raise_errors
from claudebox_rl.env.make import make_claudebox
from claudebox_rl.env.member import Member, SubStep
from claudebox_rl.errors import ConfigError

Array = npt.NDArray[Any]
VectorStep = tuple[Any, Array, Array, Array, dict[str, Any]]


class ClaudeBoxVectorEnv(VectorEnv[Any, Any, Array]):
    """Environments whose machines boot, work and are judged at the same time, each in a session of its own.

    Spaces, batching, `infos`, autoreset and the asynchronous calls (`step_async`, `step_wait`, ...) are those of
    Gymnasium's `AsyncVectorEnv`. No machine waits for another: with `SameStep` one boots for the next episode while
    others are still at their step.

    **What fails.** A machine, actor, model or verifier that fails under one environment ends that episode alone; the
    others' step counts. In its place stand `truncated`, the last observation again, `infos["error"]` (the exception
    with its type), `infos["outcome"]` (`infra_error`), and the reward NaN: nothing was judged, so there is no number,
    and a learner that minds neither notices at once, where it would learn from a 0. It learns from the rest by the
    mask that it has for the rows of `NextStep` resets already, with `~np.isnan(rewards)`. The environment is reset as
    after any truncation. An agent that crashes by itself is the policy's own fault, as in datasets: outcome
    `agent_error`, reward 0. (Why no exception: learners that survive one, such as RLlib's, make the whole vector anew,
    and the others' episodes are lost.)

    A machine that does not start is tried three times, since nothing was played in it. Then the call raises
    `VectorEnvError`, when all others are done: `context["errors"]` by index, and `context["results"]`, what it would
    have returned. `reset(options={"reset_mask": ...})` goes on from there, in each mode.

    Args:
        num_envs: How many environments, at least 1.
        autoreset_mode: When a finished environment is reset: `NextStep` (by the next step, whose action is ignored and
            whose reward is 0), `SameStep` (at once, with `final_obs` and `final_info` in `infos`) or `Disabled`
            (by the caller, with `reset_mask`).
        **kwargs: As `make_claudebox`, for every environment.

    Raises:
        ConfigError: As `ClaudeBoxEnv`, or an unknown mode.
    """

    single_observation_space: gym.Space[Any]
    single_action_space: gym.Space[Any]
    observation_space: gym.Space[Any]
    action_space: gym.Space[Any]

    def __init__(
        self, num_envs: int, *, autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP, **kwargs: Any
    ) -> None:
        self.closed = True  # as yet nothing is open, and `__del__` of Gymnasium 1.2 closes what is
        if num_envs < 1:
            raise ConfigError(f"num_envs={num_envs} must be at least 1", field="num_envs")
        mode = _mode(autoreset_mode)
        self._members = [Member(make_claudebox(**kwargs), mode) for _ in range(num_envs)]
        self._calls = Calls(num_envs)
        self.num_envs = num_envs
        env = self._members[0].env
        self.metadata = dict(env.metadata) | {"autoreset_mode": mode}
        self.render_mode = env.render_mode
        self.single_observation_space, self.single_action_space = env.observation_space, env.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.closed = False

    @property
    def np_random(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # read only, as in Gymnasium
        """The generators of the environments."""
        return self.get_attr("np_random")

    @property
    def np_random_seed(self) -> Any:
        """The seeds of the environments."""
        return self.get_attr("np_random_seed")

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset the environments.

        Args:
            seed: Of the first one, the others count up; or one for each.
            options: As `ClaudeBoxEnv.reset`, for each; and `reset_mask`, an array of booleans: reset those only.

        Returns:
            The observations of all, and the infos of those that were reset.

        Raises:
            ConfigError: A malformed seed, mask or option.
            VectorEnvError: Machines did not start; the others were reset.
        """
        self.reset_async(seed, options)
        return self.reset_wait()

    def reset_async(self, seed: Any = None, options: dict[str, Any] | None = None) -> None:
        """Begin a reset. See `reset`."""
        passed = dict(options or {})
        mask, seeds = self._mask(passed.pop("reset_mask", None)), self._seeds(seed)
        self._calls.begin(
            "reset", {i: partial(m.reset, seeds[i], passed) for i, m in enumerate(self._members) if mask[i]}
        )

    def reset_wait(self, timeout: float | None = None) -> tuple[Any, dict[str, Any]]:
        """Wait for a reset that was begun, at most `timeout` seconds; after a `TimeoutError` it goes on."""
        done, errors = self._calls.wait("reset", timeout)
        infos: dict[str, Any] = {}
        for i, info in done.items():
            infos = self._add_info(infos, info, i)
        raise_errors("reset", errors, lambda: infos)
        return self._observations(), infos

    def step(self, actions: Any) -> VectorStep:
        """Step all environments.

        Raises:
            ConfigError: An action is malformed; nothing was sent.
            ResetNeeded: An environment is in no episode, and this mode leaves it to the caller to reset it.
            VectorEnvError: The machine of a next episode did not start.
        """
        self.step_async(actions)
        return self.step_wait()

    def step_async(self, actions: Any) -> None:
        """Begin a step. See `step`."""
        self._calls.check_idle("step")
        if over := [i for i, member in enumerate(self._members) if member.needs_reset]:
            raise ResetNeeded(f"environments {over} are in no episode: reset(options={{'reset_mask': ...}})")
        plan = list(zip(self._members, iterate(self.action_space, actions), strict=True))
        for member, action in plan:
            member.check_action(action)
        self._calls.begin("step", {i: partial(member.step, action) for i, (member, action) in enumerate(plan)})

    def step_wait(self, timeout: float | None = None) -> VectorStep:
        """Wait for a step that was begun, at most `timeout` seconds; after a `TimeoutError` it goes on."""
        done, errors = self._calls.wait("step", timeout)
        errors |= {i: step.start_error for i, step in done.items() if step.start_error}
        raise_errors("step", errors, lambda: self._batch(done))
        return self._batch(done)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call a method of each environment, or read an attribute; wrappers are asked first.

        Raises:
            ConfigError: What is asked for is a method of the vector's own.
            VectorEnvError: It failed in some, after it was done in all others.
        """
        if name in ("reset", "step", "close"):
            raise ConfigError(f"call({name!r}): use {name}() of the vector")
        self._calls.begin("call", {i: partial(m.call, name, *args, **kwargs) for i, m in enumerate(self._members)})
        done, errors = self._calls.wait("call")
        raise_errors(name, errors, lambda: done)
        return tuple(done.values())

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Return an attribute of each environment; wrappers are asked first."""
        return self.call(name)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute of each environment: all to one value, or to those of a list or tuple.

        Raises:
            ConfigError: Not as many values as environments.
        """
        self._calls.check_idle("set_attr")
        each = cast("Sequence[Any]", values) if isinstance(values, list | tuple) else [values] * self.num_envs
        if len(each) != self.num_envs:
            raise ConfigError(f"set_attr({name!r}): {len(each)} values for {self.num_envs} environments")
        for member, value in zip(self._members, each, strict=True):
            member.env.set_wrapper_attr(name, value)

    def render(self) -> tuple[Any, ...] | None:
        """Render each environment."""
        return self.call("render")

    def close_extras(self, **kwargs: Any) -> None:
        """End all machines at the same time; calls that are at work are cut off."""
        self._close_members()
        self._calls.close()
        self._close_members()  # a reset that was at work may have brought up another machine

    def _close_members(self) -> None:
        threads = [Thread(target=member.env.close) for member in self._members]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _batch(self, steps: dict[int, SubStep]) -> VectorStep:
        infos: dict[str, Any] = {}
        for i, step in steps.items():
            infos = self._add_info(infos, step.info, i)
        return (
            self._observations(),
            np.array([step.reward for step in steps.values()], np.float64),
            np.array([step.terminated for step in steps.values()], np.bool_),
            np.array([step.truncated for step in steps.values()], np.bool_),
            infos,
        )

    def _observations(self) -> Any:
        seen = [member.observation for member in self._members]
        empty: Any = create_empty_array(self.single_observation_space, self.num_envs)
        return concatenate(self.single_observation_space, seen, empty)

    def _seeds(self, seed: Any) -> Sequence[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int):
            return [seed + i for i in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ConfigError(f"{len(seed)} seeds for {self.num_envs} environments", field="seed")
        return seed

    def _mask(self, given: Any) -> Array:
        if given is None:
            return np.ones(self.num_envs, np.bool_)
        mask: Array = np.asarray(given)
        if mask.dtype != np.bool_ or mask.shape != (self.num_envs,) or not mask.any():
            raise ConfigError(
                f"reset_mask must be an array of {self.num_envs} booleans, one of them True, not {given!r}"
            )
        return mask


def _mode(given: str | AutoresetMode) -> AutoresetMode:
    try:
        return AutoresetMode(given)
    except ValueError:
        known = ", ".join(mode.value for mode in AutoresetMode)
        raise ConfigError(f"autoreset_mode={given!r} is unknown; known: {known}", field="autoreset_mode") from None
