"""The real CLI in sessions that outlive their machines: its conversation, the history, what is used, and the keys."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway.messages import assistant_message, encode_event, message_events, text_block, tool_use_block
from claudebox_rl.session.keeping.folder import SessionFolder

Turns = list[dict[str, Any]]


def bash(command: str) -> dict[str, Any]:
    return {"tools": [{"name": "Bash", "input": {"command": command}}]}


def scripted(*turns: dict[str, Any]) -> dict[str, Any]:
    return {"upstream": "scripted", "options": {"script": list(turns)}}


def said(box: ClaudeBox) -> str:
    """What the model was sent last."""
    return json.dumps(box.take_model_calls()[-1].request["messages"])


async def test_the_agent_remembers_after_a_reconnect(local_sandbox: str) -> None:
    model = scripted(bash("echo the-word-is-heron"), {"text": "noted"})
    async with ClaudeBox(model=model, sandbox=local_sandbox, session_id="s-remember") as box:
        assert (await box.code("remember the word")).success
        spent = box.metadata.cost_usd
    for day in ("two", "three"):
        async with ClaudeBox.reconnect("s-remember", model=scripted({"text": f"day {day}"})) as box:
            result = await box.code("what was it?")
            assert (result.success, result.response) == (True, f"day {day}")
            sent = said(box)
            assert "the-word-is-heron" in sent
            assert "remember the word" in sent
            assert box.metadata.cost_usd >= spent
    assert "day two" in sent
    assert (box.metadata.num_prompts, box.metadata.num_openings) == (3, 3)


@pytest.mark.parametrize("torn", [b'{"type":"user","mess', b"\xff\xfe", b'{"a":1}'], ids=["half", "garbage", "whole"])
async def test_a_torn_conversation_is_mended(local_sandbox: str, torn: bytes) -> None:
    session_id = f"s-torn-{len(torn)}"
    async with ClaudeBox(model=scripted({"text": "ok"}), sandbox=local_sandbox, session_id=session_id) as box:
        await box.code("the first prompt")
    (record,) = SessionFolder(session_id).agent.glob("projects/*/*.jsonl")
    whole = record.read_bytes()
    record.write_bytes(whole + torn)
    async with ClaudeBox.reconnect(session_id) as box:
        assert (await box.code("the second prompt")).success
        assert "the first prompt" in said(box)
    for line in record.read_bytes().splitlines():
        json.loads(line)


async def test_a_conversation_that_was_never_written_begins_anew(local_sandbox: str) -> None:
    async with ClaudeBox(model=scripted({"text": "ok"}), sandbox=local_sandbox, session_id="s-empty") as box:
        await box.code("the first prompt")
    (record,) = SessionFolder("s-empty").agent.glob("projects/*/*.jsonl")
    record.write_bytes(b"")
    async with ClaudeBox.reconnect("s-empty") as box:
        assert (await box.code("the second prompt")).success
        assert "the first prompt" not in said(box)
        assert box.history()[2] == box.history()[2] | {"kind": "note", "text": "the agent's conversation begins anew"}


async def test_links_that_the_agent_left_lead_the_host_nowhere(local_sandbox: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside.jsonl"
    outside.write_bytes(b'{"type":"user"}\n{"torn')
    # The CLI writes its record a moment after it asked for the command.
    swap = (
        "cd $CLAUDE_CONFIG_DIR/projects/-workspace && until ls *.jsonl; do sleep 0.05; done; for f in *.jsonl; do "
        f"mv $f /workspace/ && ln -s {outside} $f; done; ls -l"
    )
    model = scripted(bash(swap), {"text": "ok"})
    async with ClaudeBox(model=model, sandbox=local_sandbox, session_id="s-link") as box:
        result = await box.code("swap it")
        assert "->" in result.action_log[0].output
    async with ClaudeBox.reconnect("s-link", model=scripted({"text": "ok"})) as box:
        await box.code("go on")
    assert outside.read_bytes() == b'{"type":"user"}\n{"torn'


async def test_history_is_read_while_it_is_written(local_sandbox: str) -> None:
    model = scripted(bash("echo one"), bash("echo two >&2; exit 3"), bash("sleep 30"), {"text": "done"})
    async with ClaudeBox(model=model, sandbox=local_sandbox, session_id="s-live") as box:
        prompt = asyncio.create_task(box.code("go"))
        async with asyncio.timeout(60):
            while len(history := box.history()) < 3:  # noqa: ASYNC110  # it is a file
                await asyncio.sleep(0.05)
        assert not prompt.done()
        prompt.cancel()
        await asyncio.gather(prompt, return_exceptions=True)
    first, one, two = history
    assert (first["kind"], first["prompt"], first["max_turns"]) == ("prompt", "go", 10)
    facts = ("kind", "session_id", "prompt_index", "turn", "tool", "exit_code", "error", "policy_violation")
    assert [one[name] for name in facts] == ["action", "s-live", 0, 0, "Bash", 0, None, None]
    assert (one["input"]["command"], one["output"]) == ("echo one", "one")
    assert (two["turn"], two["exit_code"], "two" in two["error"]) == (1, 3, True)
    assert 0 < one["duration_s"] < 30
    assert first["time"] <= one["time"] <= two["time"]


async def test_what_a_crash_left_of_a_line_is_noted(local_sandbox: str) -> None:
    async with ClaudeBox(agent="nop", sandbox=local_sandbox, session_id="s-crash") as box:
        await box.code("one")
    file = SessionFolder("s-crash").history
    before = box.history()
    with file.open("ab") as stream:
        stream.write(b'{"kind": "action", "tool": "Ba')
    assert box.history() == before
    async with ClaudeBox.reconnect("s-crash") as again:
        (note,) = again.history()[len(before) :]
    assert (note["kind"], note["torn"]) == ("note", '{"kind": "action", "tool": "Ba')
    assert file.stat().st_mode & 0o777 == 0o600


async def test_without_logging_no_history_is_written(local_sandbox: str) -> None:
    async with ClaudeBox(agent="nop", sandbox=local_sandbox, session_id="s-quiet", enable_logging=False) as box:
        result = await box.code("go")
        assert (box.history(), await box.get_history_metrics(), result.resource_metrics) == ([], [], None)
        assert result.session_metadata is not None
        assert result.session_metadata.num_prompts == 1
    names = {path.name for path in SessionFolder("s-quiet").path.iterdir()}
    assert not names & {"history.jsonl", "metrics.jsonl"}


async def test_metrics_are_real_and_kept(local_sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claudebox_rl.session.keeping.meter.SAMPLE_EVERY_S", 0.3)
    burn = "timeout 2 sh -c 'while :; do :; done'; head -c 3000000 /dev/urandom > /workspace/blob"
    async with ClaudeBox(model=scripted(bash(burn), {"text": "ok"}), sandbox=local_sandbox, session_id="s-used") as box:
        before = await box.get_metrics()
        result = await box.code("burn")
        after = await box.get_metrics()
        await asyncio.sleep(1)
        idle = await box.get_metrics()
    assert before.cpu_s is not None
    assert after.cpu_s is not None
    assert after.cpu_s - before.cpu_s > 0.3
    assert (after.cpu_percent or 0) > (idle.cpu_percent or 0)
    assert 0 < (after.cpu_percent_life or 0) < 100 * (os.cpu_count() or 1)
    assert after.disk_bytes - before.disk_bytes > 2_900_000
    assert (after.memory_bytes or 0) > 10 << 20
    assert (after.num_tool_calls, after.num_bash_calls, before.num_bash_calls) == (1, 1, 0)
    assert after.commands_executed == after.num_commands + 1
    assert (after.network_sent_bytes or 0) > 1000
    assert (after.disk_mb, after.memory_mb) == (after.disk_bytes >> 20, (after.memory_bytes or 0) >> 20)
    samples = await box.get_history_metrics()
    assert len(samples) >= 3  # some while it was at work, one after
    assert samples[-1] == result.resource_metrics
    async with ClaudeBox.reconnect("s-used", model=scripted({"text": "ok"})) as box:
        await box.code("once more")
        whole = await box.get_history_metrics()
    assert whole[: len(samples)] == samples
    assert len({sample.sandbox_id for sample in whole}) == 2
    assert [sample.at for sample in whole] == sorted(sample.at for sample in whole)


async def test_volumes_ports_and_variables(local_sandbox: str, tmp_path: Path) -> None:
    shared, shown = tmp_path / "shared", tmp_path / "shown"
    shared.mkdir()
    shown.mkdir()
    (shown / "file").write_text("seen")
    with socket.create_server(("127.0.0.1", 0)) as found:
        free = found.getsockname()[1]
    async with ClaudeBox(
        agent="nop",
        sandbox=local_sandbox,
        volumes=[(str(shared), "/shared"), (shown, "/shown", "ro")],
        ports=[(free, 8000)],
        env=[("COLOUR", "green")],
        cpus=None,
    ) as box:
        script = "cat /shown/file; echo $COLOUR; echo made > /shared/made; echo no > /shown/no || echo read-only"
        assert (await box.sandbox.exec(["sh", "-c", script])).text == "seengreen\nread-only\n"
        serve = ["python3", "-m", "http.server", "8000", "--bind", "127.0.0.1", "--directory", "/shown"]
        async with await box.sandbox.open_exec(serve):
            async with asyncio.timeout(20):
                while b"seen" not in (answer := await fetch(free, "/file")):  # noqa: ASYNC110  # until it serves
                    await asyncio.sleep(0.1)
            assert answer.startswith(b"HTTP/1.0 200")
    assert (shared / "made").read_text() == "made\n"
    assert (shared / "made").stat().st_uid == os.getuid()


async def fetch(port: int, path: str) -> bytes:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
    except OSError:
        return b""
    return answer


def test_arguments_that_can_t_be(tmp_path: Path) -> None:
    for words, arguments in {
        "'rw'": {"volumes": [(tmp_path, "/x", "wr")]},
        "not a port": {"ports": [(0, 80)]},
        "stays on the host": {"env": {"ANTHROPIC_API_KEY": "x"}},
        "give oauth_token=": {"env": [("CLAUDE_CODE_OAUTH_TOKEN", "x")]},
        "contradicts": {"cpus": 2, "sandbox": {"cpus": 4}},
    }.items():
        with pytest.raises(ConfigError, match=words):
            ClaudeBox(**arguments)


async def test_the_default_size_holds_where_it_can(local_sandbox: str) -> None:
    async with ClaudeBox(agent="nop", sandbox=local_sandbox) as box:
        spec, able = box.sandbox.spec, box.sandbox.capabilities()
        assert (spec.memory_mib, spec.disk_mib) == (4096, 8192)
        assert spec.cpus == (4 if "cpus" in able.limits else None)
    async with ClaudeBox(agent="nop", sandbox=local_sandbox, memory_mib=512, disk_size_gb=1) as box:
        assert (box.sandbox.spec.memory_mib, box.sandbox.spec.disk_mib) == (512, 1024)
    async with ClaudeBox("quickstart/fix-bug", agent="nop", sandbox=local_sandbox) as box:
        assert box.sandbox.spec.disk_mib is None
    async with ClaudeBox(agent="nop", sandbox="unsafe"):
        pass
    with pytest.raises(ConfigError, match="can't enforce memory_mib=512"):
        await ClaudeBox(agent="nop", sandbox="unsafe", memory_mib=512).open()


OAUTH, KEY = "sk-ant-oat01-tokenoftheuser0123456789", "sk-ant-api03-keyoftheuser0123456789"
PROBE = (
    "env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'; "
    "grep -rsaoh 'sk-ant-[a-z0-9-]*' /workspace /home /tmp /opt/claude-state /logs /etc /run; echo probed"
)


@asynccontextmanager
async def stand_in(heads: list[str]) -> AsyncIterator[int]:
    """The Messages API on loopback: a probe as tool call, then a text."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        heads.append(head)
        length = int(next(v.split(":")[1] for v in head.split("\r\n") if v.lower().startswith("content-length")))
        request = json.loads(await reader.readexactly(length))
        is_first = "probed" not in json.dumps(request["messages"][-1])
        block = tool_use_block("toolu_probe", "Bash", {"command": PROBE}) if is_first else text_block("done")
        body = b"".join(encode_event(event) for event in message_events(assistant_message(request, [block])))
        lines = ["HTTP/1.1 200 OK", "content-type: text/event-stream", f"content-length: {len(body)}", "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("how", ["oauth", "key", "oauth from the environment"])
async def test_keys_go_up_and_are_nowhere_inside(
    local_sandbox: str, how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CLAUDE_CODE_OAUTH_TOKEN", raising=False)
    given: dict[str, Any] = {"oauth": {"oauth_token": OAUTH}, "key": {"api_key": KEY}}.get(how, {})
    if not given:
        monkeypatch.setenv("CLAUDE_CODE_OAUTH_TOKEN", OAUTH)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    heads: list[str] = []
    async with stand_in(heads) as port:
        model = {"upstream": "anthropic", "options": {"base_url": f"http://127.0.0.1:{port}"}}
        async with ClaudeBox(model=model, sandbox=local_sandbox, session_id="s-key", **given) as box:
            result = await box.code("look for keys")
            calls = box.take_model_calls()
            assert result.success, result.error
            home = SessionFolder("s-key").path
            held = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    await ClaudeBox.cleanup_session("s-key", remove_workspace=True)
    sent = heads[0].lower()
    if how == "key":
        assert f"x-api-key: {KEY.lower()}" in sent
        assert "oauth-2025-04-20" not in sent
    else:
        assert f"authorization: bearer {OAUTH.lower()}" in sent
        (betas,) = (line for line in sent.split("\r\n") if line.startswith("anthropic-beta:"))
        assert betas.endswith(",oauth-2025-04-20")
        assert "x-api-key" not in sent
    output = result.action_log[0].output
    assert "ANTHROPIC_BASE_URL=" in output  # the probe saw what there is
    for secret in (OAUTH, KEY):
        assert secret not in output + result.response + repr(box) + json.dumps([call.request for call in calls])
        assert secret.encode() not in held
