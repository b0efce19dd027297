"""A policy in the supervisor's seat: it allows, denies and rewrites what the unmodified CLI is about to do.

Offline: the agent's model follows a script. python examples/tool_seat.py [--sandbox auto|local|boxlite]
"""

from __future__ import annotations

import argparse
from typing import Any

import gymnasium as gym

import claudebox_rl  # noqa: F401  # registers the environments

ALLOW, DENY, REWRITE = 0, 1, 2
COMMANDS = ("python3 -m unittest --quiet 2>&1 | tail -1", "rm -rf /workspace/*", "ls *.py; sleep 60")
SCRIPT = [
    *({"tools": [{"name": "Bash", "input": {"command": command}}]} for command in COMMANDS),
    {"text": "That is all."},
]


def policy(observation: dict[str, Any]) -> dict[str, Any]:
    """Keep the agent from removing files, and from idling."""
    command = observation["input"]["command"]
    if "rm " in command:
        return {"decision": DENY, "reason": "Nothing is removed here: find another way."}
    if "sleep" in command:
        return {"decision": REWRITE, "input": {"command": command.split(";")[0]}}
    return {"decision": ALLOW}


def main(sandbox: str) -> None:
    """Play one episode, and print what was decided and what the CLI then did."""
    model = {"upstream": "scripted", "options": {"script": SCRIPT}}
    env = gym.make("ClaudeBoxTool-v0", task="quickstart/fix-bug", model=model, sandbox=sandbox, actor=False)
    observation, _ = env.reset(seed=0)
    terminated = truncated = False
    while not (terminated or truncated):
        action = policy(observation)
        print(f"{('allow', 'deny', 'rewrite')[action['decision']]}: {observation['input']['command']}")
        observation, _, terminated, truncated, info = env.step(action)
    for tool_call in info["result"].action_log:
        print(f"{'refused' if tool_call.is_error else 'ran'}: {tool_call.output.strip()!r}")
    env.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sandbox", default="auto")
    main(**vars(parser.parse_args()))
