"""What a model is told in each seat in which its actions are not messages already."""

from __future__ import annotations

import json

from claudebox_rl.env.seats.tool import ALLOW, DENY, REWRITE
from claudebox_rl.policies._llm.interview import Interview, Json, Move, Observation
from claudebox_rl.types import SUBMIT

_TEXT: Json = {"type": "string", "minLength": 1}
_SUBMIT = Move("Hand the work in; it is judged as it stands, and the episode ends.", {}, lambda given: SUBMIT)


def _user(observation: Observation) -> str:
    if not observation["facts"][0]:
        return f"The task:\n\n{observation['instruction']}"
    return f"The agent has worked on your prompt and says:\n\n{observation['response']}"


def _shell(observation: Observation) -> str:
    if not observation["facts"][0]:
        return f"The task:\n\n{observation['instruction']}"
    parts = [f"exit code {int(observation['facts'][1])}"]
    parts += [f"{name}:\n{observation[name]}" for name in ("stdout", "stderr") if observation[name]]
    return "\n\n".join(parts)


def _tool(observation: Observation) -> str:
    call = json.dumps(observation["input"], ensure_ascii=False, indent=1)
    task = f"The agent works on this task:\n\n{observation['instruction']}"
    return f"{task}\n\nIt wants to call {observation['tool']}:\n{call}"


def _decide(decision: int, given: Json) -> Json:
    return {"decision": decision, "reason": given.get("reason", ""), "input": given.get("input", {})}


INTERVIEWS = {
    "user": Interview(
        "You are the user of a coding agent that works in a sandbox with the files of a task. Lead it to a finished, "
        "checked solution with as few prompts as you need, and submit when the work is done.",
        _user,
        {
            "prompt": Move(
                "Give the agent a prompt and wait for its work.", {"text": _TEXT}, lambda given: given["text"]
            ),
            "submit": _SUBMIT,
        },
        spoken="prompt",
    ),
    "shell": Interview(
        "You solve a task in a Bash shell of a sandbox. Working directory and variables stay from command to command. "
        "Check your work, and submit when it is done.",
        _shell,
        {
            "run": Move("Run a shell command and see its output.", {"command": _TEXT}, lambda given: given["command"]),
            "submit": _SUBMIT,
        },
    ),
    "tool": Interview(
        "You supervise a coding agent: each of its tool calls waits for your decision. Allow what serves the task and "
        "is safe; deny what is not, with a reason that the agent can act on; rewrite the input where a small change "
        "helps.",
        _tool,
        {
            "allow": Move("Let the call run as it is.", {}, lambda given: _decide(ALLOW, {})),
            "deny": Move("Refuse the call.", {"reason": _TEXT}, lambda given: _decide(DENY, given)),
            "rewrite": Move(
                "Let the call run with another input.",
                {"input": {"type": "object"}},
                lambda given: _decide(REWRITE, given),
            ),
        },
    ),
}
