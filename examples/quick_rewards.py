"""Rewards on results, and the export of what was done. Runs offline: the model follows a script.

python examples/quick_rewards.py [sandbox]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from claudebox_rl import (
    ClaudeBox,
    CodeQualityReward,
    CodeResult,
    EfficiencyReward,
    SuccessOnlyReward,
    TrajectoryExporter,
    combine_rewards,
)

CAREFUL = '''\
def mean(numbers: list[float]) -> float:
    """Return the mean of at least one number."""
    return sum(numbers) / len(numbers)
'''
CARELESS = """\
import os

def mean(numbers, seen=[]):
    try:
        total = eval("+".join(str(n) for n in numbers))
        return total / len(numbrs)
    except:
        pass
"""


def write(path: str, content: str) -> dict[str, object]:
    """Return a model's turn that writes a file."""
    return {"tools": [{"name": "Write", "input": {"file_path": f"/workspace/{path}", "content": content}}]}


# What the model does: two prompts, each a file and an answer. With a real model: ClaudeBox(model="anthropic", ...).
SCRIPT = [write("careful.py", CAREFUL), {"text": "done"}, write("careless.py", CARELESS), {"text": "done"}]


def wrote_tests(result: CodeResult) -> float | None:
    """A reward of your own: whether the prompt wrote a test; None where the files could not be seen."""
    if result.changes is None:
        return None
    return float(any(Path(change.path).name.startswith("test_") for change in result.changes.files))


async def main(sandbox: str) -> None:
    """Play two prompts, and export them."""
    reward = combine_rewards(
        SuccessOnlyReward(),
        CodeQualityReward(),
        EfficiencyReward(tool_calls=10, tokens=100_000, time_s=None),
        wrote_tests,
        weights=[0.2, 0.6, 0.1, 0.1],
    )
    model = {"upstream": "scripted", "options": {"script": SCRIPT}}
    async with ClaudeBox(model=model, sandbox=sandbox, session_id="quick-rewards", reward_fn=reward) as box:
        for prompt in ("Write mean() with care", "Now in a hurry"):
            result = await box.code(prompt)
            print(prompt, result.reward, result.reward_terms)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trajectory.jsonl"
        TrajectoryExporter("quick-rewards").save_to_file(path, format="jsonl")
        trajectory = TrajectoryExporter.load_trajectory(path)
    for step in trajectory["steps"]:
        print(step["turn"], step["action"]["tool"] or "answer", step["observation"]["exit_code"], step["reward"])
    await ClaudeBox.cleanup_session("quick-rewards", remove_workspace=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:] or ["auto"]))
