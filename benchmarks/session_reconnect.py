"""How long from `ClaudeBox.reconnect` to the first answer, against a fresh session's first answer, pair by pair?"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from typing import Any

from claudebox_rl import ClaudeBox

PAIRS = 15
NUM_PROMPTS = 10
MODEL: dict[str, Any] = {"upstream": "scripted", "options": {"script": [{"text": "I am here.", "repeat": True}]}}


async def first_answer_s(opening: Any) -> float:
    """Return the time until the first answer; `opening` was made, not opened."""
    started = time.perf_counter()
    async with opening as box:
        result = await box.code("Are you there?")
        took_s = time.perf_counter() - started
        assert result.success, result.error
    return took_s


async def measure(sandbox: str) -> None:
    async with ClaudeBox(session_id="kept", model=MODEL, sandbox=sandbox) as box:
        for number in range(NUM_PROMPTS):
            assert (await box.code(f"Prompt {number}")).success
    reconnected, fresh = [], []
    for number in range(PAIRS):
        fresh.append(await first_answer_s(ClaudeBox(session_id=f"fresh-{number}", model=MODEL, sandbox=sandbox)))
        reconnected.append(await first_answer_s(ClaudeBox.reconnect("kept")))
    ratios = [r / f for r, f in zip(reconnected, fresh, strict=True)]
    print(
        json.dumps(
            {
                "benchmark": "session_reconnect",
                "sandbox": sandbox,
                "pairs": PAIRS,
                "prompts_before": NUM_PROMPTS,
                "reconnect_ms_p50": round(1000 * statistics.median(reconnected), 1),
                "fresh_ms_p50": round(1000 * statistics.median(fresh), 1),
                "ratio_p50": round(statistics.median(ratios), 3),
                "ratio_worst": round(max(ratios), 3),
            }
        )
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CLAUDEBOX_HOME"] = folder
        asyncio.run(measure(sys.argv[1] if len(sys.argv) > 1 else "local"))
