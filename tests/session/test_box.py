"""Sessions with real machines."""

from __future__ import annotations

import asyncio

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import ClaudeBoxError, ConfigError, SessionAlreadyExistsError, TaskError

TASK = "quickstart/fix-bug"


async def test_a_task_is_solved_and_judged(local_sandbox: str) -> None:
    async with ClaudeBox(TASK, agent="oracle", sandbox=local_sandbox) as box:
        result = await box.code(box.task.instruction, judge=True)
        assert (result.success, result.reward) == (True, 1.0)


async def test_an_agent_goes_on_after_a_verdict(local_sandbox: str) -> None:
    async with ClaudeBox(TASK, model="oracle", sandbox=local_sandbox) as box:
        assert (await box.verify()).reward == 0.0
        assert (await box.code("solve it", judge=True)).reward == 1.0
        assert (await box.code("anything else?")).success


async def test_a_persistent_workspace_and_its_history_come_back(local_sandbox: str) -> None:
    turns = [
        {"tools": [{"name": "Write", "input": {"file_path": "/workspace/note.txt", "content": "kept"}}]},
        {"text": "written"},
    ]
    model = {"upstream": "scripted", "options": {"script": turns}}
    async with ClaudeBox(model=model, sandbox=local_sandbox, session_id="s-persist") as box:
        await box.code("write a note")
    again = ClaudeBox(agent="nop", sandbox=local_sandbox, session_id="s-persist")
    async with again as box:
        assert await box.sandbox.read_file("/workspace/note.txt") == b"kept"
        await box.code("look")
    history = again.history()
    assert [entry["kind"] for entry in history] == ["prompt", "action", "result", "prompt", "result"]
    assert [entry["prompt"] for entry in history if entry["kind"] == "prompt"] == ["write a note", "look"]
    assert (history[1]["tool"], history[1]["turn"], history[1]["prompt_index"]) == ("Write", 0, 0)
    assert history[3]["prompt_index"] == 1


async def test_task_files_are_put_in_once(local_sandbox: str) -> None:
    async with ClaudeBox(TASK, agent="oracle", sandbox=local_sandbox, session_id="s-task") as box:
        await box.code("solve")
    async with ClaudeBox(TASK, agent="nop", sandbox=local_sandbox, session_id="s-task") as box:
        assert (await box.verify()).reward == 1.0


async def test_one_process_holds_a_session_at_a_time(local_sandbox: str) -> None:
    async with ClaudeBox(agent="nop", sandbox=local_sandbox, session_id="s-locked"):
        with pytest.raises(SessionAlreadyExistsError, match="open already"):
            await ClaudeBox(agent="nop", sandbox=local_sandbox, session_id="s-locked").open()
    async with ClaudeBox(agent="nop", sandbox=local_sandbox, session_id="s-locked"):
        pass


async def test_an_ephemeral_session_leaves_nothing(local_sandbox: str, home_folder) -> None:
    async with ClaudeBox(agent="nop", sandbox=local_sandbox) as box:
        sandbox_id = box.sandbox.sandbox_id
        assert any(sandbox_id in path.name for path in (home_folder / "machines").iterdir())
    assert not any(sandbox_id in path.name for path in (home_folder / "machines").iterdir())
    assert box.history() == []


async def test_cancelled_opening_leaves_no_machine(local_sandbox: str, home_folder) -> None:
    opening = asyncio.create_task(ClaudeBox(TASK, model="oracle", sandbox=local_sandbox).open())
    await asyncio.sleep(0.15)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert not list((home_folder / "machines").glob("*.json"))


async def test_closing_twice_and_using_a_closed_session(local_sandbox: str) -> None:
    box = ClaudeBox(agent="nop", sandbox=local_sandbox)
    await box.close()
    with pytest.raises(ClaudeBoxError, match="not open"):
        await box.code("x")
    await box.open()
    await box.close()
    await box.close()


async def test_bad_input_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="session_id"):
        ClaudeBox(session_id="../x")
    with pytest.raises(ConfigError, match="a session plays one task; 'quickstart' names"):
        ClaudeBox("quickstart")
    with pytest.raises(TaskError):
        ClaudeBox("no-such-task")
    with pytest.raises(ConfigError, match="unknown agent"):
        ClaudeBox(agent="emacs")
    async with ClaudeBox(agent="nop", sandbox="fake") as box:
        with pytest.raises(ConfigError, match="nothing to verify"):
            await box.verify()


async def test_a_missing_key_is_named(local_sandbox: str) -> None:
    with pytest.raises(ConfigError, match="ANTHROPIC_API_KEY"):
        await ClaudeBox(model="anthropic", sandbox=local_sandbox).open()


async def test_refused_connections_are_in_the_result_and_the_history(local_sandbox: str) -> None:
    turns = [
        {"tools": [{"name": "Bash", "input": {"command": "curl -s http://elsewhere.test/; curl -s https://8.8.8.8/"}}]},
        {"text": "no way"},
        {"text": "as you wish"},
    ]
    async with ClaudeBox(
        model={"upstream": "scripted", "options": {"script": turns}},
        sandbox={"name": local_sandbox, "network": "restricted", "allowed_hosts": ["example.com"]},
        session_id="s-refused",
    ) as box:
        result = await box.code("look elsewhere")
        # The model itself was reached past the proxy: the gateway's port is always open.
        assert result.success
        assert [(each.host, each.port) for each in result.refused] == [("elsewhere.test", 80), ("8.8.8.8", 443)]
        assert "not in allowed_hosts" in result.action_log[0].output
        assert (await box.code("never mind")).refused == ()
    first, second = (entry for entry in box.history() if entry["kind"] == "result")
    assert [each["host"] for each in first["refused"]] == ["elsewhere.test", "8.8.8.8"]
    assert second["refused"] == []


async def test_hosts_without_a_network_that_restricts_them(local_sandbox: str) -> None:
    with pytest.raises(ConfigError, match="network=restricted"):
        await ClaudeBox(agent="nop", sandbox={"name": local_sandbox, "allowed_hosts": ["example.com"]}).open()
    with pytest.raises(ConfigError, match="none, restricted, full"):
        await ClaudeBox(agent="nop", sandbox={"name": local_sandbox, "network": "lan"}).open()
    setting = {"name": local_sandbox, "network": "restricted", "allowed_hosts": ["https://a.b/"]}
    with pytest.raises(ConfigError, match="example"):
        await ClaudeBox(agent="nop", sandbox=setting).open()
