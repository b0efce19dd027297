"""The conformance suite of rewards: what `claudebox_rl.rewards` promises of each, for rewards of your own as well.

One line in a test::

    def test_my_reward() -> None:
        check_reward({"name": "my_package.rewards:Politeness", "kwargs": {"weight": 2}}, low=0, high=2)
        check_reward(my_function, low=-1, high=1)
"""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, cast

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec

from claudebox_rl.errors import RewardError, SandboxUnavailableError
from claudebox_rl.rewards import Reward, apply_rewards
from claudebox_rl.session.reward import RewardFn, check_reward_fn
from claudebox_rl.testing.recorded_episodes import EPISODES, RecordedEnv
from claudebox_rl.types import CodeResult, Failure

Env = gym.Env[Any, Any]
Played = list[tuple[Any, ...]]
_ENV = f"{RecordedEnv.__module__}:{RecordedEnv.__name__}"
_TOLERANCE = 1e-9
_gymnasium: Any = import_module("gymnasium")  # partly untyped


def check_reward(
    reward: Reward | Sequence[Reward] | RewardFn, *, low: float = -math.inf, high: float = math.inf
) -> None:
    """Check that a reward keeps what all rewards promise, on recorded episodes good, bad, empty and cut off.

    A wrapper, by name as `gym.make(..., rewards=...)` takes it: the same evidence gives the same numbers, also in the
    next episode of the same object, in a deep copy (a fork) and in one that is rebuilt from the spec's JSON. Each term
    is finite or left out, and they sum to the reward. Observation, ends and everything else in `info` stay as they
    were. A machine that dies is no number.

    A function of a `CodeResult`: the same evidence gives the same number, also after a pickle; it does not change its
    argument, and gives None where the model's endpoint failed.

    A `RewardError` counts as no number.

    Args:
        reward: What to check.
        low: The least that it may give for an episode, or for a result.
        high: The most, likewise.

    Raises:
        AssertionError: Names each promise that was broken, and by which episode.
        ConfigError: There is no such reward.
    """
    if callable(reward):
        check_reward_fn(reward)
        broken = list(_of_function(reward, low, high))
    else:
        broken = [f"{name}: {words}" for name in EPISODES for words in _of_wrapper(reward, name, low, high)]
    assert not broken, f"{reward!r:.200} breaks what rewards promise:\n" + "\n".join(f"- {each}" for each in broken)


def _of_wrapper(reward: Reward | Sequence[Reward], name: str, low: float, high: float) -> Iterator[str]:
    bare, env = _make(name), apply_rewards(_make(name), reward)
    plain, played = _play(bare), _play(env)
    yield from _of_steps(plain, played)
    yield from _of_terms(plain, played, low, high)
    if _play(env) != played:
        yield "the next episode, which is the same, gets other numbers: forget the last one in begin()"
    if env.spec is None or _play(_gymnasium.make(EnvSpec.from_json(env.spec.to_json()))) != played:
        yield "rebuilt from its spec it gives other numbers: record all arguments, as JSON"
    if _play(env, fork_at=1) != played:
        yield "a deep copy in the middle of an episode goes on with other numbers: keep no state outside of the object"


def _of_steps(plain: Played, played: Played) -> Iterator[str]:
    for index, (without, given) in enumerate(zip(plain, played, strict=False)):
        if given[0] is RewardError:
            return
        if without[0] is SandboxUnavailableError:
            if given[0] is not SandboxUnavailableError:
                yield f"step {index}: the machine died, and there is a reward"
            return
        if without[0] != given[0] or without[2:4] != given[2:4]:
            yield f"step {index}: it changes what is observed, or how the episode ends"
        if any(given[4].get(name) != value for name, value in without[4].items() if name != "reward_terms"):
            yield f"step {index}: it changes more of info than reward_terms"
    if len(plain) != len(played) and played[-1][0] is not RewardError:
        yield "the episode has another number of steps"


def _of_terms(plain: Played, played: Played, low: float, high: float) -> Iterator[str]:
    own = 0.0
    for index, (without, given) in enumerate(zip(plain, played, strict=False)):
        if isinstance(given[0], type) or isinstance(without[0], type):
            break
        before, terms = without[4]["reward_terms"], given[4]["reward_terms"]
        if any(not isinstance(value, int | float) or not math.isfinite(value) for value in terms.values()):
            yield f"step {index}: a term is no finite number: {terms}"
        elif not abs(math.fsum(terms.values()) - given[1]) <= _TOLERANCE * max(1.0, abs(given[1])):
            yield f"step {index}: the terms {terms} don't sum to the reward {given[1]}"
        own += math.fsum(value for name, value in terms.items() if before.get(name) != value)
    if not low - _TOLERANCE <= own <= high + _TOLERANCE:
        yield f"it adds {own} to the episode, which is not in {low} to {high}"


def _of_function(reward: RewardFn, low: float, high: float) -> Iterator[str]:
    results = [result for episode in EPISODES.values() for result in episode.results]
    failed = [CodeResult(success=False, failure=failure, error="it failed") for failure in Failure]
    again = _revived(reward)
    if again is None:
        yield "it can't be pickled, so no worker can have it"
    for result in (*results, *failed):
        kept = copy.deepcopy(result)
        value = _value(reward, result)
        if result != kept:
            yield f"it changes its argument: {result!r:.80}"
        if value is not None and not (math.isfinite(value) and low - _TOLERANCE <= value <= high + _TOLERANCE):
            yield f"it gives {value}, which is no finite number in {low} to {high}"
        if any(_value(each, result) != value for each in (reward, again) if each is not None):
            yield "the same evidence gets another number"
        if result.failure is Failure.API_ERROR and value is not None:
            yield f"the model's endpoint failed, and it gives {value}: that says nothing about the agent, so None"


def _make(name: str) -> Env:
    spec = EnvSpec(
        "ClaudeBoxRecorded-v0",
        entry_point=_ENV,
        kwargs={"episode": name},
        nondeterministic=True,
        order_enforce=False,
        disable_env_checker=True,
    )
    return _gymnasium.make(spec)


def _play(env: Env, *, fork_at: int | None = None) -> Played:
    """Return what the reset and each step gave; an exception of the machine's or a reward's ends it."""
    played: Played = []
    try:
        observation, info = env.reset(seed=0)
        played.append((observation, 0.0, False, False, {**info, "reward_terms": {}}))
        for index, action in enumerate(cast("RecordedEnv", env.unwrapped).actions):
            if index == fork_at:
                env = copy.deepcopy(env)
            observation, reward, *ends, info = env.step(action)
            played.append((observation, reward, *ends, info))
    except (RewardError, SandboxUnavailableError) as error:
        played.append((type(error),))
    return played


def _revived(reward: RewardFn) -> RewardFn | None:
    try:
        return cast("RewardFn", pickle.loads(pickle.dumps(reward)))
    except Exception:
        return None


def _value(reward: Callable[[CodeResult], float | None], result: CodeResult) -> float | None:
    try:
        return reward(result)
    except RewardError:
        return None
