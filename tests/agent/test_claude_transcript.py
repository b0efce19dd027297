"""What a crash kept out of the CLI's own record is found, and told with the next prompt."""

from __future__ import annotations

import json
from pathlib import Path

from claudebox_rl.agent.claude_transcript import unwritten, unwritten_prompts
from claudebox_rl.agent.recap import recap
from claudebox_rl.types import ToolCall

ID = "0a0b0c0d-0000-4000-8000-000000000000"
CALLS = (
    ToolCall("toolu_1", "Bash", {"command": "make"}, "made"),
    ToolCall("toolu_2", "Bash", {"command": "ls"}, "a b"),
)


def user(content: object) -> dict[str, object]:
    return {"type": "user", "message": {"role": "user", "content": content}}


def written(state: Path, *entries: object) -> Path:
    folder = state / "projects" / "-workspace"
    folder.mkdir(parents=True)
    lines = [json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in entries]
    (folder / f"{ID}.jsonl").write_text("\n".join(lines))
    return state


def test_prompts_are_found_as_text_and_in_blocks_and_only_in_messages_of_the_user(tmp_path: Path) -> None:
    state = written(
        tmp_path,
        user("mend “it”\nsoon"),
        user([{"type": "text", "text": "test it"}, {"type": "tool_result", "content": "ship it"}]),
        {"type": "assistant", "message": {"content": [{"type": "text", "text": "sell it"}]}},
        {"type": "user", "message": "no message", "text": "sell it"},
        user([7, {"text": 7}, None]),
        ["no entry"],
    )
    prompts = ["mend “it”\nsoon", "test it", "ship it", "sell it"]
    assert unwritten_prompts(state, ID, prompts) == ["ship it", "sell it"]


def test_nothing_is_written_where_there_is_no_record(tmp_path: Path) -> None:
    assert unwritten_prompts(tmp_path, ID, ["mend it"]) == ["mend it"]
    assert unwritten(tmp_path, ID, CALLS) == list(CALLS)


def test_what_was_told_once_is_not_told_again(tmp_path: Path) -> None:
    told = recap(["mend it"], CALLS[:1])
    assert told.startswith("[The session was interrupted.")
    state = written(tmp_path, user(f"{told}go on"))
    assert unwritten_prompts(state, ID, ["mend it", "go on", "stop"]) == ["stop"]
    assert unwritten(state, ID, CALLS) == [CALLS[1]]
    assert recap([], []) == ""
