"""What a security policy adds to each tool call of the real CLI: `python benchmarks/policy_check.py [calls]`.

The same calls, one after the other, in sessions by turns: without a policy, with one that has nothing to say of them
(so the CLI's hook, and the way to the host and back), and with one that judges commands and paths. A call's time is
from its announcement by the CLI to its result. `judge` is our own part, measured on the host.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from typing import Any

from claudebox_rl import RESTRICTED_POLICY, ClaudeBox, SecurityPolicy
from claudebox_rl.agent.guard import ToolRequest, Verdict
from claudebox_rl.session.security.guard import PolicyGuard

ARMS = {
    "no policy": None,
    "hook alone": SecurityPolicy(allow_sudo=True, max_execution_time_s=3600),
    "restricted": RESTRICTED_POLICY,
}
CALLS = {
    "Bash": {"command": "ls -la src && grep -c def src/main.py | head -n 3"},
    "Read": {"file_path": "/workspace/src/main.py"},
    "Write": {"file_path": "/workspace/src/new.py", "content": "x = 1\n"},
}
ROUNDS = 5
_judged: list[float] = []
_judge = PolicyGuard.judge


async def timed(self: PolicyGuard, call: ToolRequest) -> Verdict:
    started = time.perf_counter()
    try:
        return await _judge(self, call)
    finally:
        _judged.append(time.perf_counter() - started)


async def play(box: ClaudeBox) -> list[float]:
    result = await box.code("go", max_turns=1000)
    if not result.success or any(call.is_error for call in result.action_log):
        raise SystemExit(f"a call failed: {result.error}")
    return [call.duration_s for call in result.action_log if call.duration_s is not None]


async def measure(tool: str, num_calls: int) -> dict[str, dict[str, Any]]:
    turns = [{"tools": [{"name": tool, "input": CALLS[tool]}]} for _ in range(num_calls)]
    model = {"upstream": "scripted", "options": {"script": [*turns, {"text": "ok"}]}}
    times: dict[str, list[float]] = {name: [] for name in ARMS}
    own: dict[str, list[float]] = {name: [] for name in ARMS}
    for _ in range(ROUNDS):
        for name, policy in ARMS.items():
            async with ClaudeBox(model=model, sandbox="local", security_policy=policy) as box:
                await box.sandbox.exec(["sh", "-c", "mkdir src; echo 'def f(): pass' > src/main.py"])
                _judged.clear()
                times[name] += await play(box)
                own[name] += _judged
    base = statistics.median(times["no policy"])
    return {name: figures(times[name], base, own[name]) for name in ARMS}


def figures(times: list[float], base: float, own: list[float]) -> dict[str, Any]:
    middle = statistics.median(times)
    judge_ms = round(statistics.median(own) * 1000, 2) if own else None
    return {
        "ms_p50": round(middle * 1000, 1),
        "added_ms_p50": round((middle - base) * 1000, 1),
        "judge_ms_p50": judge_ms,
    }


async def main() -> None:
    PolicyGuard.judge = timed
    num_calls = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    tools = {tool: await measure(tool, num_calls) for tool in CALLS}
    print(json.dumps({"benchmark": "policy_check", "sandbox": "local", "rounds": ROUNDS, "calls": num_calls, **tools}))


asyncio.run(main())
