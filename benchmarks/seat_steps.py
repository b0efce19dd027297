"""How many steps does each of the four environments make a second, with a partner that does nothing?

The partner is the real CLI (but in the shell's seat): with the `nop` model for a user, with a policy that always calls
`true` for a model, with a scripted model that does for a supervisor. Each environment plays in this process, on one
machine, after a warm-up.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

import gymnasium as gym

import claudebox_rl  # noqa: F401

STEPS = 60
WARM_UP = 5
CALL = {"name": "Bash", "input": {"command": "true"}}
TURNS = {"upstream": "scripted", "options": {"script": [{"tools": [CALL], "repeat": True}]}}
SEATS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "user": ("ClaudeBox-v0", "go on", {"model": "nop"}),
    "model": ("ClaudeBoxModel-v0", {"content": [{"type": "tool_use", **CALL}]}, {}),
    "tool": ("ClaudeBoxTool-v0", {"decision": 0, "reason": "", "input": {}}, {"model": TURNS}),
    "shell": ("ClaudeBoxShell-v0", "true", {}),
}


def step_times_s(env_id: str, action: Any, sandbox: str, kwargs: dict[str, Any]) -> list[float]:
    limits = {"max_steps": 2 * STEPS, "agent": {"max_turns": None}} if env_id != "ClaudeBoxShell-v0" else {}
    env = gym.make(
        env_id, task="quickstart/fix-bug", sandbox=sandbox, actor=False, disable_env_checker=True, **kwargs, **limits
    )
    env.reset(seed=0)
    times = []
    for _ in range(WARM_UP + STEPS):
        started = time.perf_counter()
        _, _, terminated, truncated, _ = env.step(action)
        times.append(time.perf_counter() - started)
        assert not terminated
        assert not truncated
    env.close()
    return times[WARM_UP:]


def main() -> None:
    sandbox = sys.argv[1] if len(sys.argv) > 1 else "local"
    figures: dict[str, dict[str, float]] = {}
    for seat, (env_id, action, kwargs) in SEATS.items():
        times = step_times_s(env_id, action, sandbox, kwargs)
        figures[seat] = {
            "steps_per_s": round(len(times) / sum(times), 1),
            "step_ms_p50": round(1000 * statistics.median(times), 2),
            "step_ms_p90": round(1000 * statistics.quantiles(times, n=10)[-1], 2),
        }
    print(json.dumps({"benchmark": "seat_steps", "sandbox": sandbox, "steps": STEPS, **figures}))


if __name__ == "__main__":
    main()
