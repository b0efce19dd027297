from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path

import pytest
from gateway_parts import request

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway import TaskFiles, make_upstream

SOLUTION = {
    "solve.sh": b'cp "$(dirname "$0")/data/b.bin" out\n',
    "data/b.bin": b"\xff\x00\x01",
    "e.txt": "é\n".encode(),
}


def oracle(solution=SOLUTION, root="/r"):
    return make_upstream("oracle", {}, TaskFiles(solution, root))


async def ask(upstream, messages, **changes):
    reply = await upstream.reply(request(*messages, **changes), {})
    assert reply.status == 200
    return json.loads(b"".join([part async for part in reply.body]))


def results(message, *, failed=(), output="ok"):
    blocks = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": output, "is_error": block["id"] in failed}
        for block in message["content"]
        if block["type"] == "tool_use"
    ]
    return [{"role": "assistant", "content": message["content"]}, {"role": "user", "content": blocks}]


PROMPT = [{"role": "user", "content": "Solve it."}]


async def test_writes_then_runs_then_tells_the_end_of_the_output():
    upstream = oracle()
    writes = await ask(upstream, PROMPT)
    named = {(block["name"], block["input"].get("file_path")) for block in writes["content"]}
    assert named == {("Write", "/r/solution/solve.sh"), ("Write", "/r/solution/e.txt"), ("Bash", None)}
    assert writes["stop_reason"] == "tool_use"

    talk = [*PROMPT, *results(writes)]
    run = await ask(upstream, talk)
    assert [block["input"]["command"] for block in run["content"] if block["type"] == "tool_use"] == [
        "bash /r/solution/solve.sh"
    ]

    talk += results(run, output="x" * 5000 + "the end")
    closing = await ask(upstream, talk)
    assert closing["stop_reason"] == "end_turn"
    assert closing["content"][0]["text"].endswith("the end")
    assert len(closing["content"][0]["text"]) < 2200

    talk += [{"role": "assistant", "content": closing["content"]}, {"role": "user", "content": "And now?"}]
    assert "all is done" in (await ask(upstream, talk))["content"][0]["text"]


async def test_the_same_request_gets_the_same_answer_however_often():
    upstream = oracle()
    writes = await ask(upstream, PROMPT)
    talk = [*PROMPT, *results(writes)]
    first = await ask(upstream, talk)
    assert await ask(upstream, talk) == first
    assert await ask(oracle(), talk) == first
    assert await ask(upstream, PROMPT) == writes


async def test_a_failed_script_is_said_to_have_failed():
    upstream = oracle({"solve.sh": b"exit 1\n"})
    writes = await ask(upstream, PROMPT)
    talk = [*PROMPT, *results(writes)]
    run = await ask(upstream, talk)
    run_id = run["content"][-1]["id"]
    closing = await ask(upstream, [*talk, *results(run, failed={run_id}, output="Exit code 1")])
    assert "failed" in closing["content"][0]["text"]


async def test_a_failed_write_is_tried_once_by_bash():
    upstream = oracle({"solve.sh": b"true\n"})
    writes = await ask(upstream, PROMPT)
    talk = [*PROMPT, *results(writes, failed={writes["content"][0]["id"]})]
    again = await ask(upstream, talk)
    assert [block["name"] for block in again["content"]] == ["Bash"]
    assert base64.b64encode(b"true\n").decode() in again["content"][0]["input"]["command"]
    talk += results(again, failed={again["content"][0]["id"]})
    assert "solve.sh" in (await ask(upstream, talk))["content"][-1]["input"]["command"]


async def test_bash_writes_every_byte_where_write_would_not(tmp_path: Path):
    odd = {"solve.sh": b"true\r\n", "a b/'c'.bin": bytes(range(256)), "bom.txt": b"\xef\xbb\xbfx"}
    upstream = oracle(odd, root=str(tmp_path))
    turn = await ask(upstream, PROMPT)
    for block in turn["content"]:
        process = await asyncio.create_subprocess_exec("bash", "-c", block["input"]["command"])
        assert await process.wait() == 0
    assert {name: (tmp_path / "solution" / name).read_bytes() for name in odd} == odd


async def test_without_write_all_is_done_by_bash_and_without_bash_it_says_so():
    bash = [{"name": "Bash"}]
    turn = await ask(oracle(), PROMPT, tools=bash)
    assert {block["name"] for block in turn["content"]} == {"Bash"}
    turn = await ask(oracle(), PROMPT, tools=[{"name": "Read"}])
    assert turn["stop_reason"] == "end_turn"
    assert "Bash" in turn["content"][0]["text"]


async def test_a_side_request_without_tools_gets_a_short_text():
    turn = await ask(oracle(), PROMPT, tools=[], max_tokens=32)
    assert [block["type"] for block in turn["content"]] == ["text"]


async def test_odd_messages_do_not_break_it():
    talk = [{"role": "user"}, {"content": ["x", {"type": "tool_result"}]}, {"role": "system", "content": None}]
    assert (await ask(oracle(), talk))["stop_reason"] == "tool_use"


@pytest.mark.parametrize(
    ("solution", "match"),
    [
        ({}, "no solution/solve.sh"),
        ({"run.sh": b""}, "no solution/solve.sh"),
        ({"solve.sh": b"", "../x": b""}, "inside the solution"),
        ({"solve.sh": b"", "/etc/x": b""}, "inside the solution"),
        ({"solve.sh": b"", "big": b"\xff" * 60_000}, "'big' is larger"),
    ],
)
def test_refuses_what_it_can_t_play(solution, match):
    with pytest.raises(ConfigError, match=match):
        oracle(solution)


def test_refuses_unknown_and_bad_options():
    with pytest.raises(ConfigError, match="unknown option 'modle'; known: model"):
        make_upstream("oracle", {"modle": "x"}, TaskFiles(SOLUTION))
    with pytest.raises(ConfigError, match="must be a text"):
        make_upstream("oracle", {"model": 3}, TaskFiles(SOLUTION))
    assert make_upstream("oracle", {"model": None}, TaskFiles(SOLUTION)).model == "claudebox-oracle"


async def test_a_task_with_checkpoints_is_run_once_a_prompt():
    upstream = make_upstream("oracle", {}, TaskFiles({"solve.sh": b"true\n"}, num_checkpoints=2))
    talk, ran = [*PROMPT], []
    for prompt in ("next", "more"):
        while True:
            answer = await ask(upstream, talk)
            called = [block for block in answer["content"] if block["type"] == "tool_use"]
            ran += [block["id"] for block in called if block["name"] == "Bash"]
            if not called:
                break
            talk += results(answer)
        talk += [{"role": "assistant", "content": answer["content"]}, {"role": "user", "content": prompt}]
    assert ran == ["toolu_oracle_run", "toolu_oracle_run_2"]
    assert "already" in (await ask(upstream, talk))["content"][0]["text"]
