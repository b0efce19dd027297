"""The driver of the real CLI in a real sandbox: every kind of end is told apart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.gateway.messages import assistant_message, message_reply, text_block
from claudebox_rl.gateway.upstream import Reply
from claudebox_rl.gateway.upstreams.nop import NopUpstream
from claudebox_rl.types import CodeResult, Failure

BASH = {"name": "Bash", "input": {"command": "echo from-the-tool; echo oops >&2"}}


@asynccontextmanager
async def playing(sandbox: str, turns: list[dict[str, Any]], **agent: Any) -> AsyncIterator[ClaudeBox]:
    agent = {"max_retries": 0, "api_timeout_s": 3.0, "stall_timeout_s": 10.0} | agent
    model = {"upstream": "scripted", "options": {"script": turns}}
    async with ClaudeBox(model=model, sandbox=sandbox, agent=agent) as box:
        yield box


async def one(sandbox: str, turns: list[dict[str, Any]], *, timeout_s: float | None = None, **agent: Any) -> CodeResult:
    async with playing(sandbox, turns, **agent) as box:
        return await box.code("go", timeout_s=timeout_s)


async def test_success_with_tools_usage_and_log(local_sandbox: str) -> None:
    turns = [
        {"text": "Looking.", "tools": [BASH], "usage": {"input_tokens": 100, "output_tokens": 20}},
        {"text": "All done.", "usage": {"input_tokens": 150, "output_tokens": 5}},
    ]
    result = await one(local_sandbox, turns)
    assert (result.success, result.response, result.error, result.failure) == (True, "All done.", None, None)
    (call,) = result.action_log
    assert (call.name, call.input["command"], call.is_error) == ("Bash", BASH["input"]["command"], False)
    assert "from-the-tool" in call.output
    assert 0 < (call.duration_s or 0) < 30
    assert (result.num_turns, result.usage.input_tokens, result.usage.output_tokens) == (2, 250, 25)
    assert result.cost_usd > 0
    assert 0 < result.agent_s <= result.duration_s


async def test_a_failing_tool_is_marked_and_the_agent_goes_on(local_sandbox: str) -> None:
    failing = {"name": "Bash", "input": {"command": "exit 3"}}
    result = await one(local_sandbox, [{"tools": [failing]}, {"text": "noted"}])
    assert result.success
    assert result.action_log[0].is_error


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        ({"status": 401, "error": "no such key"}, "401"),
        ({"status": 429, "error": "slow down"}, "429"),
        ({"status": 500, "error": "broken"}, "500"),
        ({"status": 529, "error": "overloaded"}, "529"),
        ({"garbage": True}, "API"),
        ({"drop": True}, "API|onnect"),
        ({"hang": True}, "timed out"),
    ],
    ids=lambda value: next(iter(value)) + str(value.get("status", "")) if isinstance(value, dict) else "",
)
async def test_a_broken_model_is_an_api_error(local_sandbox: str, turn: dict[str, Any], words: str) -> None:
    result = await one(local_sandbox, [{**turn, "repeat": True}])
    assert (result.success, result.failure) == (False, Failure.API_ERROR)
    assert result.error is not None
    assert any(word in result.error for word in words.split("|"))


class Endless(NopUpstream):
    """Reaches the longest answer that it may give, each time."""

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        message = assistant_message(request, [text_block("on and on")])
        return message_reply(request, message | {"stop_reason": "max_tokens"})


async def test_a_model_that_never_ends_its_answer_is_no_api_error(local_sandbox: str) -> None:
    async with ClaudeBox(model=f"{__name__}:Endless", sandbox=local_sandbox) as box:
        result = await box.code("go")
    assert (result.success, result.failure, result.num_turns) == (False, Failure.EXECUTION, 4)
    assert "exceeded" in (result.error or "")


async def test_retries_are_the_clis_own(local_sandbox: str) -> None:
    turns = [{"status": 529, "error": "overloaded"}, {"text": "back again"}]
    result = await one(local_sandbox, turns, max_retries=1)
    assert (result.success, result.response) == (True, "back again")


async def test_the_turn_limit_holds_and_the_session_goes_on(local_sandbox: str) -> None:
    async with playing(local_sandbox, [{"tools": [BASH], "repeat": True}], max_turns=2) as box:
        first = await box.code("go")
        assert (first.success, first.failure) == (False, Failure.MAX_TURNS)
        assert "2" in (first.error or "")
        again = await box.code("go on", max_turns=1)
        assert (again.failure, len(again.action_log)) == (Failure.MAX_TURNS, 1)


async def test_the_budget_holds(local_sandbox: str) -> None:
    dear = {"tools": [BASH], "usage": {"input_tokens": 1_000_000, "output_tokens": 1000}, "repeat": True}
    result = await one(local_sandbox, [dear], max_budget_usd=0.5)
    assert (result.success, result.failure) == (False, Failure.BUDGET)


async def test_the_deadline_interrupts_and_the_session_goes_on(local_sandbox: str) -> None:
    turns = [{"tools": [{"name": "Bash", "input": {"command": "sleep 61.5"}}]}, {"text": "next"}]
    async with playing(local_sandbox, turns) as box:
        started = time.monotonic()
        first = await box.code("go", timeout_s=2.5)
        assert first.failure is Failure.TIMEOUT
        assert time.monotonic() - started < 50
        left = await box.sandbox.exec(
            ["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c '^slee[p] 61.5' || true"]
        )
        assert left.text.strip() == "0"
        assert (await box.code("go on")).success


async def crash(box: ClaudeBox) -> CodeResult:
    """Kill the CLI while it waits for the model."""
    script = 'for p in /proc/[0-9]*; do grep -qs "[c]laude-code/claude" $p/cmdline && kill -9 ${p#/proc/}; done; true'
    prompt = asyncio.create_task(box.code("now crash"))
    await asyncio.sleep(1)
    await box.sandbox.exec(["sh", "-c", script])
    return await prompt


SLOW = {"text": "alive", "delay_s": 2.0, "repeat": True}


async def test_a_crash_is_told_and_the_next_prompt_goes_on_with_the_conversation(local_sandbox: str) -> None:
    async with playing(local_sandbox, [{"text": "noted"}, SLOW]) as box:
        assert (await box.code("remember the word heliotrope")).success
        crashed = await crash(box)
        assert (crashed.failure, crashed.exit_code) == (Failure.CRASH, 137)
        after = await box.code("and now?")
        assert after.success, after.error
        assert "heliotrope" in str(box.take_model_calls()[-1].request["messages"])


async def test_a_crash_before_anything_was_written_down_begins_anew(
    local_sandbox: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with playing(local_sandbox, [SLOW]) as box:
        assert (await crash(box)).failure is Failure.CRASH
        await box.sandbox.exec(["sh", "-c", "rm -rf $HOME/.claude"])
        after = await box.code("and now?")
        assert after.success, after.error
    assert "the conversation is lost" in caplog.text


async def test_other_tools_mean_another_process_but_the_same_conversation(local_sandbox: str) -> None:
    async with playing(local_sandbox, [{"text": "ok", "repeat": True}]) as box:
        await box.code("first words")
        await box.code("second words", allowed_tools=["Read"])
        first, second = box.take_model_calls()
        assert {tool["name"] for tool in first.request["tools"]} == {"Bash", "Read", "Write", "Edit"}
        assert {tool["name"] for tool in second.request["tools"]} == {"Read"}
        assert "first words" in str(second.request["messages"])


async def test_a_disallowed_pattern_is_refused_to_the_model(local_sandbox: str) -> None:
    turns = [{"tools": [{"name": "Bash", "input": {"command": "rm -rf /workspace/x"}}]}, {"text": "ok"}]
    async with playing(local_sandbox, turns) as box:
        result = await box.code("go", disallowed_tools=["Bash(rm *)"])
        assert result.action_log[0].is_error


@pytest.mark.parametrize(
    "prompt", ["/cost", "/clear", "/etc/hosts is a file", "é" * 100_000, "\ud800 lone", "  ", "@x #y !z"]
)
async def test_any_prompt_reaches_the_model(local_sandbox: str, prompt: str) -> None:
    async with playing(local_sandbox, [{"text": "heard"}]) as box:
        result = await box.code(prompt)
        assert (result.success, result.response) == (True, "heard")
        (call,) = box.take_model_calls()
        assert prompt.encode("utf-8", "replace").decode().strip()[:1000] in _texts(call.request["messages"])


def _texts(messages: list[dict[str, Any]]) -> str:
    contents = (message["content"] for message in messages)
    blocks = (block for content in contents for block in ([{"text": content}] if isinstance(content, str) else content))
    return "\n".join(block.get("text", "") for block in blocks)


async def test_no_key_reaches_the_sandbox(local_sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-real-and-secret")
    look = {
        "name": "Bash",
        "input": {"command": "env; cat /proc/*/environ | tr '\\0' '\\n'; grep -rs sk-ant /home /tmp /workspace"},
    }
    async with playing(local_sandbox, [{"tools": [look]}, {"text": "ok"}]) as box:
        result = await box.code("go")
        assert "ANTHROPIC_API_KEY=" in result.action_log[0].output
        assert "sk-ant-real-and-secret" not in str(result) + str(box.take_model_calls())
