"""One session: prompts, what they gave, and what they used. Offline by default: the model follows a script.

python examples/quick_basic.py [--model scripted|oracle|anthropic] [--sandbox auto|local|boxlite]
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from claudebox_rl import ClaudeBox

PROGRAM = 'print("Hello from the sandbox")\n'
# What `scripted` does: two prompts, each with its tool calls and an answer.
SCRIPT = [
    {"tools": [{"name": "Write", "input": {"file_path": "/workspace/hello.py", "content": PROGRAM}}]},
    {"tools": [{"name": "Bash", "input": {"command": "python3 hello.py"}}]},
    {"text": "hello.py is written, and it runs."},
    {"tools": [{"name": "Bash", "input": {"command": "ls; cat no-such-file"}}]},
    {"text": "There is one file, hello.py."},
]
PROMPTS = ("Write hello.py and run it", "Which files are there?")


async def main(model: str, sandbox: str) -> None:
    """Give two prompts, and print what is known of them."""
    chosen: Any = {"upstream": "scripted", "options": {"script": SCRIPT}} if model == "scripted" else model
    # `oracle` plays the solution of a task; other models work in an empty workspace.
    task = "quickstart/fix-bug" if model == "oracle" else None
    prompts = ("Fix it",) if model == "oracle" else PROMPTS
    async with ClaudeBox(task, model=chosen, sandbox=sandbox, env={"GREETING": "hello"}) as box:
        for prompt in prompts:
            result = await box.code(prompt, max_turns=20)
            print(f"{prompt}\n  success {result.success}, exit code {result.exit_code}: {result.response}")
            for call in result.action_log:
                took = f"{call.duration_s or 0:.2f} s, exit code {call.exit_code}"
                print(f"  {call.name} {took}: {call.output.strip()!r:.60}")
        used = await box.get_metrics()
        print(f"{used.num_tool_calls} tool calls, {used.disk_bytes} bytes on disk, {used.cpu_s} s of processor time")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="scripted")
    parser.add_argument("--sandbox", default="auto")
    asyncio.run(main(**vars(parser.parse_args())))
