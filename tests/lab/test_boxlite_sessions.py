"""A session that outlives its micro-VM: workspace, conversation and history."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl import ClaudeBox

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(1200)]
BOX: dict[str, Any] = {
    "name": "boxlite",
    "image": os.environ.get("CLAUDEBOX_LAB_IMAGE", ""),
    "cpus": 1,
    "memory_mib": 1024,
    "start_timeout_s": 240.0,
}


def scripted(*turns: dict[str, Any]) -> dict[str, Any]:
    return {"upstream": "scripted", "options": {"script": list(turns)}}


async def test_a_session_goes_on_in_another_box(tmp_path: Path) -> None:
    write = {"tools": [{"name": "Bash", "input": {"command": "echo the-word-is-heron | tee word; id -un"}}]}
    model = scripted(write, {"text": "noted"})
    async with ClaudeBox(model=model, sandbox=BOX, session_id="s", workspace_dir=tmp_path) as box:
        result = await box.code("remember the word")
        assert result.success, result.error
        assert result.resource_metrics is not None
        assert (result.resource_metrics.cpu_percent_life or 0) > 0
    async with ClaudeBox.reconnect("s", workspace_dir=tmp_path, model=scripted({"text": "heron"})) as box:
        assert (await box.sandbox.read_file("/workspace/word")) == b"the-word-is-heron\n"
        assert (await box.code("what was it?")).success
        sent = json.dumps(box.take_model_calls()[-1].request["messages"])
        assert "remember the word" in sent
        assert "the-word-is-heron" in sent
        assert [entry["kind"] for entry in box.history()] == ["prompt", "action", "result", "prompt", "result"]
    await ClaudeBox.cleanup_session("s", remove_workspace=True, workspace_dir=tmp_path)
    assert ClaudeBox.list_sessions(tmp_path) == []
