"""Security policies: what the agent tries and may not do. Runs offline: the model follows a script.

python examples/quick_policies.py [sandbox]
"""

from __future__ import annotations

import asyncio
import sys

from claudebox_rl import READONLY_POLICY, RESTRICTED_POLICY, UNRESTRICTED_POLICY, ClaudeBox, SecurityPolicy

TRIES: list[tuple[str, dict[str, str]]] = [
    ("Bash", {"command": "echo hello > notes.txt"}),
    ("Bash", {"command": "r\\m -r -f notes.txt"}),
    ("Write", {"file_path": "/tmp/elsewhere", "content": "hello"}),
]
POLICIES = {
    "unrestricted": UNRESTRICTED_POLICY,
    "restricted": RESTRICTED_POLICY,
    "readonly": READONLY_POLICY,
    "of my own": SecurityPolicy(
        network_access="restricted",
        allowed_domains=("*.pypi.org",),
        blocked_commands=("rm -rf",),
        max_memory_mb=2048,
        max_execution_time_s=60,
    ),
}


async def main(sandbox: str) -> None:
    """Have the same calls tried under each policy."""
    turns = [{"tools": [{"name": name, "input": given}]} for name, given in TRIES]
    model = {"upstream": "scripted", "options": {"script": [*turns, {"text": "Done."}]}}
    for name, policy in POLICIES.items():
        async with ClaudeBox(model=model, sandbox=sandbox, security_policy=policy) as box:
            result = await box.code("Write a note, remove it, write elsewhere.")
        print(f"{name}: {result.num_policy_violations} of {len(result.action_log)} refused")
        for call in result.action_log:
            if call.policy_violation is not None:
                print(f"  {call.name}: {call.policy_violation}")


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "auto"))
