"""A policy in the model's seat: it answers the requests of the unmodified CLI, and so has it solve a task.

python examples/model_seat.py [--sandbox auto|local|boxlite]
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import gymnasium as gym

import claudebox_rl  # noqa: F401  # registers the environments

FAULTY, SOUND = "        cursor = end\n", "        cursor = max(cursor, end)\n"
LOOP = "    for start, end in sorted(bookings):\n"


def call(tool: str, **given: Any) -> dict[str, Any]:
    """Return a message that calls one tool."""
    return {"content": [{"type": "tool_use", "name": tool, "input": given}]}


def policy(observation: dict[str, Any]) -> Any:
    """Choose the next message by what the conversation holds: look, mend, test, report."""
    path, seen = "/workspace/freetime.py", json.dumps(observation["messages"])
    if '"Read"' not in seen:
        return call("Read", file_path=path)
    if "max(cursor, end)" not in seen:
        return call("Edit", file_path=path, old_string=FAULTY, new_string=SOUND)
    if "min(start, closes)" not in seen:
        return call("Edit", file_path=path, old_string=LOOP, new_string=f"{LOOP}        start = min(start, closes)\n")
    if "unittest --quiet" not in seen:
        return call("Bash", command="python3 -m unittest --quiet")
    return "The cursor went back where a booking held another one, and a slot could end after closing time: mended."


def main(sandbox: str) -> None:
    """Play one episode, and print what was asked and answered."""
    env = gym.make("ClaudeBoxModel-v0", task="quickstart/fix-bug", sandbox=sandbox, actor=False)
    observation, info = env.reset(seed=0)
    print(f"Claude Code {info['agent_version']} asks {info['model']}, with {len(observation['tools'])} tools")
    terminated = truncated = False
    while not (terminated or truncated):
        message = policy(observation)
        observation, reward, terminated, truncated, info = env.step(message)
        print(f"-> {message if isinstance(message, str) else message['content'][0]['name']}")
    print(f"{info['outcome']}, reward {reward}: {len(info['result'].action_log)} tool calls")
    env.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sandbox", default="auto")
    main(**vars(parser.parse_args()))
