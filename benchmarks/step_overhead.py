"""What does an environment's step cost beyond the agent's own time, in this process and through a Ray actor?

The agent is the real CLI with the `nop` model; its own time is what it reports of itself. Paired: for each prompt, one
step inline and one through the actor.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import gymnasium as gym

import claudebox_rl  # noqa: F401

STEPS = 60


def make(actor: bool, sandbox: str) -> gym.Env:
    env = gym.make(
        "ClaudeBox-v0", task="quickstart/fix-bug", model="nop", sandbox=sandbox, actor=actor, max_steps=10 * STEPS
    )
    env.reset(seed=0)
    env.step("warm up")
    return env


def overhead_ms(env: gym.Env, prompt: str) -> float:
    started = time.perf_counter()
    *_, info = env.step(prompt)
    return 1000 * (time.perf_counter() - started - info["result"].agent_s)


def main() -> None:
    sandbox = sys.argv[1] if len(sys.argv) > 1 else "local"
    inline_env, actor_env = make(False, sandbox), make(True, sandbox)
    inline, actor = [], []
    for number in range(STEPS):
        inline.append(overhead_ms(inline_env, f"prompt {number}"))
        actor.append(overhead_ms(actor_env, f"prompt {number}"))
    inline_env.close()
    actor_env.close()
    print(
        json.dumps(
            {
                "benchmark": "step_overhead",
                "sandbox": sandbox,
                "steps": STEPS,
                "inline_ms_p50": round(statistics.median(inline), 1),
                "inline_ms_p90": round(statistics.quantiles(inline, n=10)[-1], 1),
                "actor_ms_p50": round(statistics.median(actor), 1),
                "actor_ms_p90": round(statistics.quantiles(actor, n=10)[-1], 1),
                "ratio_actor_to_inline": round(statistics.median(actor) / statistics.median(inline), 2),
            }
        )
    )


if __name__ == "__main__":
    main()
