"""The unmodified CLI against the gateway, on the host, in a temporary home."""

from __future__ import annotations

import pytest

from claudebox_rl.gateway import TaskFiles, make_upstream

QUICK = {
    "CLAUDE_CODE_MAX_RETRIES": "0",
    "API_TIMEOUT_MS": "2000",
    "CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK": "1",
}
BLOB = bytes(range(256))
SOLUTION = {
    "solve.sh": b'cp "$(dirname "$0")"/data/* . && echo "solved in $PWD" && touch done\n',
    "data/text.txt": "tab\there, \u00e9, no newline at the end".encode(),
    "data/blob.bin": BLOB,
}


async def test_the_cli_plays_the_oracle(enter, run_cli, tmp_path):
    agent = enter(make_upstream("oracle", {}, TaskFiles(SOLUTION, str(tmp_path))))
    run = await run_cli(agent)
    assert (run.exit_code, run.result["subtype"], run.result["is_error"]) == (0, "success", False)
    assert f"solved in {run.workspace}" in run.result["result"]
    assert run.result["total_cost_usd"] == 0
    assert (run.workspace / "done").exists()
    assert (run.workspace / "blob.bin").read_bytes() == BLOB
    assert (run.workspace / "text.txt").read_bytes() == SOLUTION["data/text.txt"]
    calls = agent.episode.take_calls()
    assert [call.status for call in calls] == [200, 200, 200]
    assert [call.parent_call_id for call in calls] == [None, calls[0].call_id, calls[1].call_id]
    assert {call.agent_path for call in calls} == {"main"}


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"status": 401}, 401),
        ({"status": 429}, 429),
        ({"status": 500}, 500),
        ({"garbage": True}, None),
        ({"hang": True}, None),
        ({"drop": True}, None),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else str(value),
)
async def test_the_cli_sees_an_api_error(enter, run_cli, fault, status):
    agent = enter("scripted", script=[{**fault, "repeat": True}])
    run = await run_cli(agent, **QUICK)
    assert (run.result["is_error"], run.result["terminal_reason"]) == (True, "api_error")
    assert run.result["api_error_status"] == status
    assert run.exit_code == 1
    assert agent.episode.calls


async def test_the_cli_s_own_retry_meets_the_next_turn_of_the_script(enter, run_cli):
    agent = enter("scripted", script=[{"status": 529}, {"text": "after all"}])
    run = await run_cli(agent, **{**QUICK, "CLAUDE_CODE_MAX_RETRIES": "1"})
    assert (run.result["is_error"], run.result["result"]) == (False, "after all")
    assert [call.status for call in agent.episode.calls] == [529, 200]


async def test_the_cli_s_fallback_without_streaming_gets_the_same_answer(enter, run_cli):
    agent = enter(
        "scripted",
        script=[{"garbage": True}, {"tools": [{"name": "Bash", "input": {"command": "touch x"}}]}, {"text": "end"}],
    )
    run = await run_cli(agent, API_TIMEOUT_MS="5000", CLAUDE_CODE_MAX_RETRIES="1")
    assert (run.result["is_error"], run.result["result"]) == (False, "end")
    assert (run.workspace / "x").exists()
    assert [bool(call.request.get("stream")) for call in agent.episode.calls] == [True, False, True]


async def test_reported_tokens_reach_the_cli(enter, run_cli):
    agent = enter("scripted", script=[{"text": "x", "usage": {"input_tokens": 1000, "output_tokens": 50}}])
    run = await run_cli(agent)
    assert (run.result["usage"]["input_tokens"], run.result["usage"]["output_tokens"]) == (1000, 50)


async def test_a_wrong_secret_is_an_api_error(enter, run_cli):
    agent = enter("nop")
    run = await run_cli(agent, **QUICK, ANTHROPIC_API_KEY="wrong")
    assert (run.result["terminal_reason"], run.result["api_error_status"]) == ("api_error", 401)
    assert agent.episode.calls == []
