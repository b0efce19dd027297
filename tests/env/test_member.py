"""When an environment of a vector is reset, and what a failure under it becomes."""

from __future__ import annotations

import math
from typing import Any

import gymnasium as gym
import pytest
from gymnasium.vector import AutoresetMode

from claudebox_rl.env.member import Member
from claudebox_rl.errors import AgentError, ConfigError, GatewayError, SandboxStartError, VerifierError


class Stub(gym.Env[int, Any]):
    """Counts its resets and steps; its step does what the test asks for: an exception, or to end."""

    def __init__(self, failing_starts: tuple[type[Exception], ...] = ()) -> None:
        self.failing_starts = list(failing_starts)
        self.num_resets = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        self.num_resets += 1
        if self.num_resets > 1 and self.failing_starts:
            raise self.failing_starts.pop(0)("no")
        return 0, {"episode_id": f"e{self.num_resets}"}

    def step(self, action: Any) -> Any:
        if isinstance(action, Exception):
            raise action
        return 1, 0.5, action == "end", action == "limit", {"verifier": None}


def begun(mode: AutoresetMode = AutoresetMode.NEXT_STEP, *failing_starts: type[Exception]) -> Member:
    member = Member(Stub(failing_starts), mode)
    member.reset()
    return member


@pytest.mark.parametrize("error", [SandboxStartError("x"), GatewayError("x"), VerifierError("x"), ValueError("x")])
def test_what_fails_under_an_episode_is_no_number(error: Exception) -> None:
    played = begun().step(error)
    assert math.isnan(played.reward)
    assert (played.terminated, played.truncated) == (False, True)
    assert (played.info["error"], played.info["outcome"]) == (error, "infra_error")


def test_an_agent_that_fails_in_mid_episode_is_the_policys_own_fault() -> None:
    played = begun().step(AgentError("crashed", model_calls=("c",), failure="x"))
    assert (played.reward, played.truncated, played.info["outcome"]) == (0.0, True, "agent_error")
    assert played.info["model_calls"] == ("c",)
    assert "failure" not in played.info


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_a_start_that_fails_is_tried_three_times(mode: AutoresetMode) -> None:
    member = begun(mode, SandboxStartError, AgentError)
    ended = member.step("end")
    assert ended.terminated
    played = ended if mode is AutoresetMode.SAME_STEP else member.step("ignored")
    assert (played.info["episode_id"], played.start_error) == ("e4", None)
    assert member.observation == 0


def test_after_three_failed_starts_the_next_step_tries_again() -> None:
    member = begun(AutoresetMode.NEXT_STEP, *[AgentError] * 3)
    member.step("limit")
    lost = member.step("ignored")
    assert math.isnan(lost.reward)
    assert (type(lost.start_error), lost.info["outcome"]) == (AgentError, "infra_error")
    assert not member.needs_reset
    assert member.step("ignored").info["episode_id"] == "e5"


def test_a_final_step_is_kept_where_no_next_episode_begins() -> None:
    member = begun(AutoresetMode.SAME_STEP, *[SandboxStartError] * 3)
    played = member.step("end")
    assert (played.reward, played.terminated, played.info["final_obs"]) == (0.5, True, 1)
    assert type(played.start_error) is SandboxStartError
    assert member.needs_reset


def test_what_the_caller_did_wrong_is_not_tried_again() -> None:
    member = begun(AutoresetMode.NEXT_STEP, ConfigError)
    with pytest.raises(ConfigError):
        member.reset(options={"tsk": "x"})
    with pytest.raises(ConfigError):
        begun().step(ConfigError("malformed"))
    assert member.env.unwrapped.num_resets == 2
