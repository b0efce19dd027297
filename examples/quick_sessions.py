"""A session over three days: each day another process and another machine, one workspace, one conversation.

Offline by default: the model follows a script.

python examples/quick_sessions.py [--model scripted|anthropic] [--sandbox auto|local|boxlite] [--session-id ID]

One day by itself, as a process of its own: --day 1, --day 2, --day 3.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from typing import Any

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import SessionNotFoundError


def bash(command: str) -> dict[str, Any]:
    """Return a scripted model's turn that runs a command."""
    return {"tools": [{"name": "Bash", "input": {"command": command}}]}


DAYS = {
    1: ("Start a shopping list with milk", [bash("echo milk > list.txt"), {"text": "The list has milk."}]),
    2: ("Add bread to it", [bash("echo bread >> list.txt"), {"text": "It has milk and bread."}]),
    3: ("What is on the list?", [bash("cat list.txt"), {"text": "Milk and bread, as we said."}]),
}


async def play(day: int, session_id: str, model: str, sandbox: str) -> None:
    """Play one day: make the session on the first, and reconnect to it on the others."""
    prompt, script = DAYS[day]
    chosen: Any = {"upstream": "scripted", "options": {"script": script}} if model == "scripted" else model
    if day == 1:
        opening: Any = ClaudeBox(session_id=session_id, model=chosen, sandbox=sandbox)
    else:
        opening = ClaudeBox.reconnect(session_id, model=chosen)
    async with opening as box:
        result = await box.code(prompt)
        messages = box.take_model_calls()[-1].request["messages"]
        earlier = [p for p, _ in list(DAYS.values())[: day - 1] if p in str(messages)]
        print(f"day {day}: {prompt}\n  {result.response}")
        print(f"  the agent remembers {len(earlier)} earlier prompts; so far {box.metadata.num_prompts} prompts")


async def finish(session_id: str) -> None:
    """Show what is kept, and remove it."""
    for info in ClaudeBox.list_sessions():
        if info.session_id == session_id:
            print(f"{info.session_id}: {info.state}, {info.num_prompts} prompts, {info.size_bytes} bytes")
    box = ClaudeBox(session_id=session_id, agent="nop")  # not opened: its history can be read all the same
    for entry in box.history():
        if entry["kind"] == "action":
            print(f"  {entry['prompt_index']} {entry['tool']}: {entry['input']['command']} -> {entry['output']!r}")
    await ClaudeBox.cleanup_session(session_id, remove_workspace=True)


def main(day: int | None, session_id: str, model: str, sandbox: str) -> None:
    """Play one day, or all three, each in a process of its own."""
    if day is not None:
        asyncio.run(play(day, session_id, model, sandbox))
        return
    for each in DAYS:
        argv = [sys.executable, __file__, "--day", str(each), "--session-id", session_id]
        subprocess.run([*argv, "--model", model, "--sandbox", sandbox], check=True)
    asyncio.run(finish(session_id))
    try:
        ClaudeBox.reconnect(session_id)
    except SessionNotFoundError as error:
        print(error)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--day", type=int, choices=sorted(DAYS))
    parser.add_argument("--session-id", default="shopping")
    parser.add_argument("--model", default="scripted")
    parser.add_argument("--sandbox", default="auto")
    main(**vars(parser.parse_args()))
