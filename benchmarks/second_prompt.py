"""How much cheaper is a prompt in a live session than a fresh `claude -p` for the same prompt, in the same sandbox?"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time

from claudebox_rl import ClaudeBox
from claudebox_rl.agent.base import Endpoint, PromptOptions
from claudebox_rl.agent.claude_command import command, environment
from claudebox_rl.config import AgentConfig

PAIRS = 12
PROMPT = "Say that you are there."


async def fresh_s(box: ClaudeBox, endpoint: Endpoint) -> float:
    """Run the CLI once, as a user's script would."""
    options = PromptOptions()
    argv = command("", endpoint.model, AgentConfig(), options, session_id="x", resume=False, spent_usd=0.0)
    argv = [argv[0], "-p", PROMPT, *argv[argv.index("--permission-mode") : argv.index("--session-id")]]
    started = time.perf_counter()
    result = await box.sandbox.exec(argv, env=environment(endpoint, AgentConfig()), timeout_s=60)
    assert result.exit_code == 0, result.stderr
    return time.perf_counter() - started


async def live_s(box: ClaudeBox) -> float:
    started = time.perf_counter()
    result = await box.code(PROMPT)
    assert result.success, result.error
    return time.perf_counter() - started


async def measure(sandbox: str) -> None:
    async with ClaudeBox("quickstart/fix-bug", model="nop", sandbox=sandbox) as box:
        await live_s(box)
        endpoint = box.endpoint
        assert endpoint is not None
        live, fresh = [], []
        for _ in range(PAIRS):
            fresh.append(await fresh_s(box, endpoint))
            live.append(await live_s(box))
    ratios = [f / v for f, v in zip(fresh, live, strict=True)]
    print(
        json.dumps(
            {
                "benchmark": "second_prompt",
                "sandbox": sandbox,
                "pairs": PAIRS,
                "live_ms_p50": round(1000 * statistics.median(live), 1),
                "fresh_ms_p50": round(1000 * statistics.median(fresh), 1),
                "times_cheaper_p50": round(statistics.median(ratios), 1),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1] if len(sys.argv) > 1 else "local"))
