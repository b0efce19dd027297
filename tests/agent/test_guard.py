"""Guards asked by the real CLI in a real sandbox: what they refuse does not run, nor does anything unjudged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.agent import AgentContext
from claudebox_rl.agent import guard as guard_module
from claudebox_rl.agent.guard import GuardPost, ToolGuard, ToolRequest, Verdict
from claudebox_rl.agent.nop import NopAgent
from claudebox_rl.errors import AgentError, ConfigError
from claudebox_rl.gateway.messages import assistant_message, message_reply, tool_use_block
from claudebox_rl.gateway.upstreams.scripted import ScriptedUpstream


def bash(command: str) -> dict[str, Any]:
    return {"name": "Bash", "input": {"command": command}}


class Wordly:
    """Refuses, rewrites, fails or dawdles as the command's words say."""

    def __init__(self) -> None:
        self.asked: list[ToolRequest] = []
        self.at_once = self.most_at_once = 0

    async def judge(self, call: ToolRequest) -> Verdict:
        self.asked.append(call)
        text = str(call.input)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if "slow" in text:
                await asyncio.sleep(0.3)
            if "for ever" in text:
                await asyncio.Event().wait()
        finally:
            self.at_once -= 1
        if "break" in text:
            raise RuntimeError("the guard is broken")
        if "refuse" in text:
            return Verdict(False, "use a green one", violation="colour: red")
        if "rewrite" in text:
            return Verdict(True, input={**call.input, "command": "echo another > made"})
        return Verdict(True)


@asynccontextmanager
async def guarded(
    monkeypatch: pytest.MonkeyPatch,
    sandbox: str,
    turns: list[dict[str, Any]],
    *guards: ToolGuard,
    tools: list[str] | None = None,
) -> AsyncIterator[ClaudeBox]:
    plain = AgentContext.__init__

    def with_guards(self: AgentContext, **given: Any) -> None:
        plain(self, **{**given, "guards": guards})

    monkeypatch.setattr(AgentContext, "__init__", with_guards)
    agent = {"max_retries": 0, "tools": tools or ["Bash"]}
    async with ClaudeBox(
        model={"upstream": "scripted", "options": {"script": turns}}, sandbox=sandbox, agent=agent
    ) as box:
        yield box


async def made(box: ClaudeBox) -> str:
    return (await box.sandbox.exec(["sh", "-c", "ls; cat made 2>/dev/null || true"])).text


async def test_a_refusal_reaches_the_model_and_the_log(monkeypatch, local_sandbox: str) -> None:
    guard = Wordly()
    async with guarded(monkeypatch, local_sandbox, [{"tools": [bash("touch refuse")]}, {"text": "ok"}], guard) as box:
        result = await box.code("go")
        assert await made(box) == ""
        assert "use a green one" in str(box.take_model_calls()[-1].request["messages"][-1])
    (call,) = result.action_log
    assert (call.policy_violation, call.is_error, result.num_policy_violations) == ("colour: red", True, 1)
    assert result.success
    assert [(asked.name, asked.cwd, asked.agent_path) for asked in guard.asked] == [("Bash", "/workspace", "main")]


async def test_what_is_allowed_runs_and_breaks_nothing(monkeypatch, local_sandbox: str) -> None:
    turns = [{"tools": [bash("echo fine > made")]}, {"text": "ok"}]
    async with guarded(monkeypatch, local_sandbox, turns, Wordly()) as box:
        result = await box.code("go")
        assert await made(box) == "made\nfine\n"
    assert (result.action_log[0].policy_violation, result.num_policy_violations) == (None, 0)


async def test_a_rewritten_input_is_what_runs_and_later_guards_see_it(monkeypatch, local_sandbox: str) -> None:
    later = Wordly()
    turns = [{"tools": [bash("touch rewrite")]}, {"text": "ok"}]
    async with guarded(monkeypatch, local_sandbox, turns, Wordly(), later) as box:
        await box.code("go")
        assert await made(box) == "made\nanother\n"
    assert later.asked[0].input["command"] == "echo another > made"


@pytest.mark.parametrize("word", ["break", "for ever"])
async def test_a_dead_guard_refuses(monkeypatch, local_sandbox: str, word: str) -> None:
    turns = [{"tools": [bash(f"touch '{word}'")]}, {"text": "ok"}]
    monkeypatch.setattr(guard_module.GuardPost.__init__, "__defaults__", (0.5,))
    async with guarded(monkeypatch, local_sandbox, turns, Wordly()) as box:
        result = await box.code("go")
        assert await made(box) == ""
    assert "did not run" in result.action_log[0].output
    assert result.success
    assert result.num_policy_violations == 0


async def test_many_calls_are_judged_at_the_same_time(monkeypatch, local_sandbox: str) -> None:
    guard = Wordly()
    calls = [{"name": "Read", "input": {"file_path": f"/workspace/slow{i}"}} for i in range(8)]
    turns = [{"tools": [*calls, bash("touch slow-refuse")]}, {"text": "ok"}]
    async with guarded(monkeypatch, local_sandbox, turns, guard, tools=["Bash", "Read"]) as box:
        result = await box.code("go")
        assert await made(box) == ""
    assert len(guard.asked) == 9
    assert guard.most_at_once >= 4
    assert [call.policy_violation for call in result.action_log] == [None] * 8 + ["colour: red"]


async def test_a_sub_agents_calls_are_judged(monkeypatch, local_sandbox: str) -> None:
    plain = ScriptedUpstream.reply

    async def reply(self: ScriptedUpstream, request: dict[str, Any], headers: Any, query: str = "") -> Any:
        if "x-claude-code-agent-id" in headers and len(request["messages"]) < 3:
            block = tool_use_block("toolu_sub", "Bash", {"command": "touch refuse"})
            return message_reply(request, assistant_message(request, [block]))
        return await plain(self, request, headers, query)

    monkeypatch.setattr(ScriptedUpstream, "reply", reply)
    guard = Wordly()
    task = {"name": "Agent", "input": {"description": "d", "prompt": "p", "subagent_type": "general-purpose"}}
    turns = [{"tools": [task]}, {"text": "ok"}]
    async with guarded(monkeypatch, local_sandbox, turns, guard, tools=["Agent", "Bash"]) as box:
        result = await box.code("go")
        assert await made(box) == ""
    assert [asked.name for asked in guard.asked] == ["Agent", "Bash"]
    assert guard.asked[0].agent_path == "main" != guard.asked[1].agent_path
    calls = {call.tool_use_id: call for call in result.action_log}
    assert calls["toolu_sub"].policy_violation == "colour: red"
    assert calls["toolu_sub"].parent_tool_use_id is not None


async def test_nothing_in_the_workspace_switches_them_off(monkeypatch, local_sandbox: str) -> None:
    settings = "mkdir -p .claude ~/.claude; echo '{\"disableAllHooks\": true}' | tee .claude/settings.json "
    turns = [
        {"tools": [bash(f"{settings} .claude/settings.local.json > ~/.claude/settings.json")]},
        {"tools": [bash("touch refuse")]},
        {"text": "ok", "repeat": True},
    ]
    async with guarded(monkeypatch, local_sandbox, turns, Wordly()) as box:
        result = await box.code("go")
        assert (result.num_policy_violations, await made(box)) == (1, "")


async def test_the_shell_has_no_door_into_its_own_session(local_sandbox: str) -> None:
    seen = "cat /proc/[0-9]*/environ ~/.claude/sessions/* 2>/dev/null"
    look = f"{seen} | tr '\\0' '\\n' | grep -a '^CLAUDE_CODE_MESS\\|oken'"
    turns = [{"tools": [bash(f"env; {look}; find / -type s 2>/dev/null; true")]}, {"text": "ok"}]
    async with ClaudeBox(
        model={"upstream": "scripted", "options": {"script": turns}}, sandbox=local_sandbox, agent={"tools": ["Bash"]}
    ) as box:
        output = (await box.code("go")).action_log[0].output
    assert "CLAUDE_CODE_SESSION_ID" in output
    assert "MESSAGING_SOCKET=" not in output
    assert "MESSAGING_TOKEN=" not in output
    assert "peerToken" not in output
    assert ".sock" not in output
    assert "XDG_RUNTIME_DIR=" not in output


async def test_directories_and_exit_codes_pass_the_shell_prefix(local_sandbox: str) -> None:
    turns = [{"tools": [bash("mkdir a; cd a")]}, {"tools": [bash("pwd; exit 7")]}, {"text": "ok"}]
    async with ClaudeBox(
        model={"upstream": "scripted", "options": {"script": turns}}, sandbox=local_sandbox, agent={"tools": ["Bash"]}
    ) as box:
        (_, second) = (await box.code("go")).action_log
    assert "Exit code 7" in second.output
    assert "/workspace/a" in second.output


async def test_an_agent_that_asks_nobody_is_refused() -> None:
    context = AgentContext(sandbox=None, config=None, cwd="/", guards=(Wordly(),))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="agent=nop can't have its tool calls judged"):
        NopAgent(context)


async def test_a_cli_that_takes_no_hooks_is_not_started(monkeypatch, local_sandbox: str) -> None:
    monkeypatch.setattr("claudebox_rl.agent.claude_process.hooks", lambda _: None)
    with pytest.raises(AgentError, match="did not take the hooks"):
        async with guarded(monkeypatch, local_sandbox, [{"text": "ok"}], Wordly()):
            pass


async def test_only_a_true_yes_is_one() -> None:
    class Odd:
        async def judge(self, call: ToolRequest) -> Any:
            return call.input["verdict"]

    for verdict in (None, True, "allow", Verdict("yes"), Verdict(False, input={"a": 1})):  # type: ignore[arg-type]
        judged = await GuardPost([Odd()]).judge(ToolRequest("id", "Bash", {"verdict": verdict}))
        assert (judged.allow, judged.input) == (False, None)
        assert judged.reason
