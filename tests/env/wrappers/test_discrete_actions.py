from __future__ import annotations

from typing import Any

import gymnasium as gym
import pytest

from claudebox_rl import SUBMIT
from claudebox_rl.env.spaces import UnicodeText
from claudebox_rl.env.wrappers import DiscreteActions
from claudebox_rl.errors import ClaudeBoxError, ConfigError

FIX = "sed -i 's/a - b/a + b/' calc.py"


class Echo(gym.Env[dict[str, Any], Any]):
    """Shows the last action; keeps all of them."""

    observation_space = gym.spaces.Dict({"instruction": UnicodeText(), "response": UnicodeText()})
    action_space = gym.spaces.Dict({"decision": gym.spaces.Discrete(3), "reason": UnicodeText()})

    def __init__(self) -> None:
        self.actions: list[Any] = []

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"instruction": "fix it", "response": ""}, {}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        self.actions.append(action)
        return {"instruction": "fix it", "response": f"did {action['decision']}"}, 1.0, False, False, {}


def test_a_number_becomes_the_action_with_texts_of_the_last_observation():
    actions = [{"decision": 0, "reason": "{instruction}: {response} {x} {}"}, {"decision": 2, "reason": "no"}]
    env = DiscreteActions(Echo(), actions)
    env.reset(seed=1)
    env.step(1)
    env.step(0)
    assert env.action_space == gym.spaces.Discrete(2)
    assert env.unwrapped.actions == [
        {"decision": 2, "reason": "no"},
        {"decision": 0, "reason": "fix it: did 2 {x} {}"},
    ]


def test_actions_that_are_none_are_refused_at_once():
    with pytest.raises(ConfigError, match=r"actions\[1\] is no action of this environment: 'ls'"):
        DiscreteActions(Echo(), [{"decision": 0, "reason": ""}, "ls"])
    with pytest.raises(ConfigError, match="at least one"):
        DiscreteActions(Echo(), [])
    with pytest.raises(ClaudeBoxError, match="reset"):
        DiscreteActions(Echo(), [{"decision": 0, "reason": ""}]).step(0)


def test_a_real_environment_is_played_by_number_and_rebuilt_from_its_spec():
    made = gym.make("ClaudeBox-v0", task="quickstart/fix-bug", sandbox="unsafe", actor=False)
    env = DiscreteActions(made, ["Please: {instruction}", SUBMIT])
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert again.action_space == gym.spaces.Discrete(2)
    again.reset(seed=0)
    again.step(0)
    _, reward, terminated, _, _ = again.step(1)
    again.close()
    assert (reward, terminated) == (1.0, True)
