"""A session of the real CLI, exported while it is open, after it was closed, and by its id."""

from __future__ import annotations

import json
from pathlib import Path

from claudebox_rl import ClaudeBox, TrajectoryExporter
from claudebox_rl.rewards import SuccessOnlyReward

TURNS = [
    {
        "text": "I look first.",
        "tools": [
            {"name": "Write", "input": {"file_path": "/workspace/a.txt", "content": "one\ntwo\n"}},
            {"name": "Bash", "input": {"command": "ls /workspace/none; exit 7"}},
        ],
    },
    {"text": "it failed"},
    {"tools": [{"name": "Bash", "input": {"command": "wc -l < a.txt"}}]},
    {"text": "two lines"},
]


async def test_a_session_of_two_prompts(local_sandbox: str, tmp_path: Path) -> None:
    model = {"upstream": "scripted", "options": {"script": TURNS}}
    async with ClaudeBox(
        model=model, sandbox=local_sandbox, session_id="s-export", reward_fn=SuccessOnlyReward()
    ) as box:
        await box.code("look")
        await box.code("count")
        one = TrajectoryExporter(box).export_trajectory()
    assert one == TrajectoryExporter(box).export_trajectory() == TrajectoryExporter("s-export").export_trajectory()
    steps = one["steps"]
    assert [step["action"]["tool"] for step in steps] == ["Write", "Bash", None, "Bash", None]
    assert [step["observation"]["exit_code"] for step in steps] == [None, 7, 0, 0, 0]
    assert "No such file" in steps[1]["observation"]["output"]
    assert steps[1]["observation"]["is_error"]
    assert steps[3]["observation"]["output"].strip() == "2"
    assert [step["reward"] for step in steps] == [None, None, 1.0, None, 1.0]
    assert steps[4]["reward_terms"] == {"success": 1.0}
    assert [step["action"]["text"] for step in steps if step["action"]["tool"] is None] == ["it failed", "two lines"]
    assert [prompt["prompt"] for prompt in one["prompts"]] == ["look", "count"]
    assert (one["final_reward"], one["success"]) == (2.0, True)
    path = tmp_path / "session.jsonl"
    TrajectoryExporter("s-export").save_to_file(path, format="jsonl")
    assert TrajectoryExporter.load_trajectory(path) == json.loads(json.dumps(one))
