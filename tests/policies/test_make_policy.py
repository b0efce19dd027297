from __future__ import annotations

import gymnasium as gym
import pytest

from claudebox_rl.config import PolicyConfig
from claudebox_rl.env.spaces import UnicodeText
from claudebox_rl.errors import ClaudeBoxError, ConfigError
from claudebox_rl.policies import POLICIES, Place, close_policy, instruction, make_policy
from claudebox_rl.types import SUBMIT

USER = Place("user", UnicodeText(min_length=1), 7)
NUMBERS = Place("tool", gym.spaces.Discrete(5), 7)


def always_submit(observation):
    return SUBMIT


def played(policy, count=8):
    return [policy({}) for _ in range(count)]


def test_a_function_is_the_policy_itself():
    assert make_policy(PolicyConfig(), USER) is instruction
    assert make_policy(PolicyConfig(f"{__name__}:always_submit"), USER) is always_submit
    close_policy(instruction)
    with pytest.raises(ConfigError, match="takes no options"):
        make_policy(PolicyConfig("instruction", {"times": 2}), USER)


def test_names_and_options_are_checked():
    with pytest.raises(ConfigError, match="unknown policy 'greedy'; known: " + ", ".join(POLICIES)):
        make_policy(PolicyConfig("greedy"), USER)
    with pytest.raises(ConfigError, match=r"policy random.*rate"):
        make_policy(PolicyConfig("random", {"rate": 1}), USER)


def test_random_actions_follow_from_the_seed_and_leave_the_space_alone():
    space = UnicodeText(min_length=1, seed=1)
    before = space.np_random.bit_generator.state
    first, second, other = (
        played(make_policy(PolicyConfig("random"), Place("user", space, seed))) for seed in (3, 3, 4)
    )
    assert first == second != other
    assert all(action in space for action in first)
    assert space.np_random.bit_generator.state == before


def test_random_submits_as_often_as_it_is_told_where_that_is_an_action():
    assert played(make_policy(PolicyConfig("random", {"submit_probability": 1.0}), USER)) == [SUBMIT] * 8
    assert SUBMIT not in played(make_policy(PolicyConfig("random", {"submit_probability": 0.0}), USER), 50)
    assert set(played(make_policy(PolicyConfig("random", {"submit_probability": 1.0}), NUMBERS), 50)) == set(range(5))


def test_a_script_is_played_and_then_submitted(tmp_path):
    script = tmp_path / "script.yaml"
    script.write_text("- look around\n- fix it\n")
    assert played(make_policy(PolicyConfig("scripted", {"script": str(script)}), USER), 4) == [
        "look around",
        "fix it",
        SUBMIT,
        SUBMIT,
    ]
    policy = make_policy(PolicyConfig("scripted", {"script": [3]}), NUMBERS)
    assert policy({}) == 3
    with pytest.raises(ClaudeBoxError, match="at its end"):
        policy({})


@pytest.mark.parametrize(
    ("text", "words"),
    [("[", "can't read"), ("a: 1", "must hold a list"), ("- fix\n- 7", "entry 1 is no action of seat user: 7")],
)
def test_scripts_that_can_not_be_played_are_refused(tmp_path, text, words):
    script = tmp_path / "script.yaml"
    script.write_text(text)
    with pytest.raises(ConfigError, match=words):
        make_policy(PolicyConfig("scripted", {"script": str(script)}), USER)
