"""The unmodified CLI, whose model is a chat completions server."""

from __future__ import annotations

from chat_server import serving

from claudebox_rl.gateway import TaskFiles, make_upstream

SOLUTION = {
    "solve.sh": b'cp "$(dirname "$0")"/data/* . && echo "solved in $PWD" && touch done\n',
    "data/text.txt": "tab\there, \u00e9, no newline at the end".encode(),
    "data/more.txt": b"more\n",
}


async def test_the_cli_solves_a_task_through_a_chat_server(enter, run_cli, tmp_path):
    player = make_upstream("oracle", {}, TaskFiles(SOLUTION, str(tmp_path)))
    async with serving(player) as server:
        agent = enter("openai", model="org/served", base_url=server.base_url)
        run = await run_cli(agent)
    assert (run.exit_code, run.result["subtype"], run.result["is_error"]) == (0, "success", False)
    assert f"solved in {run.workspace}" in run.result["result"]
    assert (run.workspace / "text.txt").read_bytes() == SOLUTION["data/text.txt"]
    assert run.result["usage"]["input_tokens"] == 30
    calls = agent.episode.take_calls()
    assert [call.status for call in calls] == [200, 200, 200]
    assert [call.parent_call_id for call in calls] == [None, calls[0].call_id, calls[1].call_id]
    assert {body["model"] for body in server.requests} == {"org/served"}
    roles = [[message["role"] for message in body["messages"]] for body in server.requests]
    assert roles[0] == ["system", "user"]
    assert roles[1] == [*roles[0], "assistant", "tool", "tool", "tool"]
    assert roles[2] == [*roles[1], "assistant", "tool"]
    for before, after in zip(server.requests, server.requests[1:], strict=False):
        assert after["messages"][: len(before["messages"])] == before["messages"]
