"""An environment without a machine: each action is a prompt, and `SUBMIT` ends the episode with a verdict."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from claudebox_rl.env.spaces import UnicodeText
from claudebox_rl.types import SUBMIT, CodeResult, ModelCall, ToolCall, VerifierResult

PROMPT = CodeResult(success=True, action_log=(ToolCall("a", "Bash", {"command": "rm -rf /"}),), duration_s=6.0)


SEEN = {"instruction": "Say please.", "response": ""}


class Played(gym.Env[dict[str, str], str]):
    """Gives the same result for each prompt."""

    observation_space = gym.spaces.Dict({"instruction": UnicodeText(), "response": UnicodeText()})
    action_space = UnicodeText()

    def __init__(
        self, verdict: float = 1.0, parts: dict[str, float] | None = None, cost_usd: float | None = 0.5
    ) -> None:
        self.verdict = VerifierResult(verdict, parts or {})
        answer = {"type": "message", "stop_reason": "end_turn"}
        self.call = ModelCall("call", "episode", {}, answer, 200, cost_usd=cost_usd)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        return SEEN, {}

    def step(self, action: str) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        if action != SUBMIT:
            info = {"result": PROMPT, "verifier": None, "reward_terms": {}, "model_calls": (self.call,)}
            return SEEN, 0.0, False, False, info
        reward = self.verdict.reward
        info = {"result": None, "verifier": self.verdict, "reward_terms": {"verifier": reward}, "model_calls": ()}
        return SEEN, reward, True, False, info


def play(env: gym.Env[Any, Any], num_prompts: int = 2) -> tuple[list[float], dict[str, float]]:
    """Return each step's reward, and the sums of the terms, which sum to them."""
    env.reset()
    rewards, sums = list[float](), dict[str, float]()
    for action in [*["prompt"] * num_prompts, SUBMIT]:
        _, reward, *_, info = env.step(action)
        rewards.append(float(reward))
        assert abs(sum(info["reward_terms"].values()) - float(reward)) < 1e-9
        for name, value in info["reward_terms"].items():
            sums[name] = sums.get(name, 0.0) + value
    return rewards, sums
