from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from atif_episodes import Cli
from hypothesis import given
from hypothesis import strategies as st
from trajectory_values import record_of

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.exports.markdown import to_markdown, write_markdown
from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.types import ToolCall

FENCE = re.compile(r"^ *(`{3,})(text)?$")
OURS = re.compile(
    r"|# Episode `[^`]*`|## (Step \d+: reward [-+.e\dinfa]+, [.\d]+ s(, terminated|, truncated)*|End)"
    r"|- (task|outcome|model|sandbox|turns|tokens): .*|Submitted\."
    r"|(Prompt|Action|Answer|Error|Changes in the workspace):"
    r"| *(Output|Policy):|(Rewards|Reward terms): .*"
    r"| *- (`[^`]*`|-), [^`<\[]*| *\*\d+ (lines|characters) are left out.*\*"
)
HOSTILE = st.text(st.sampled_from("`~\n\r #<b>[x](y)*-|\t\u2028\u202e\x1b\x00a"), max_size=60)


def outside(text: str) -> list[str]:
    """The lines that are not in a fenced block, read as CommonMark does."""
    lines, fence = [], ""
    for line in text.split("\n"):
        found = FENCE.match(line)
        if fence:
            if found and not found[2] and len(found[1]) >= len(fence):
                fence = ""
        elif found and found[2]:
            fence = found[1]
        else:
            lines.append(line)
    assert not fence
    return lines


def hostile(text: str) -> EpisodeRecord:
    record = record_of("e")
    call = ToolCall("t", text, {"a": text}, text, True, 0.0, 0.1, policy_violation=text)
    helper = replace(call, tool_use_id="u", parent_tool_use_id="t", name="Bash", input={"command": text})
    steps = [
        replace(step, action=text, observation={"response": text}, tool_calls=(call, helper)) for step in record.steps
    ]
    episode = replace(record.episode, task_id=text, model=text, error_message=text, workspace_diff=text, agent=text)
    return replace(record, episode=episode, steps=tuple(steps))


@given(HOSTILE, st.booleans())
def test_no_text_leaves_its_block(text, full):
    written = to_markdown(hostile(text), full=full)
    for line in outside(written):
        assert OURS.fullmatch(line), line
    assert not re.search("[\x00\x1b\u202e\r]", written)


def test_long_outputs_are_shortened_with_a_note():
    record = hostile("\n".join(f"line {number}" for number in range(100)) + "\n" + "x" * 3000)
    short, full = to_markdown(record), to_markdown(record, full=True)
    assert "*41 lines are left out after line 40; 1000 characters are left out at the ends of long lines.*" in short
    assert "line 39\nline 81\n" in short
    assert "left out" not in full
    assert "x" * 3000 in full


def test_sub_agents_are_indented_below_the_call_that_started_them():
    record = Cli(3).record(5)
    lines = to_markdown(record).split("\n")
    calls = {call.tool_use_id: call for step in record.steps for call in step.tool_calls}
    depths = [len(line) - len(line.lstrip()) for line in lines if re.fullmatch(r" *- `(Bash|Agent)`, .*", line)]
    assert len(depths) == len(calls)
    assert sum(depth > 0 for depth in depths) == sum(call.parent_tool_use_id is not None for call in calls.values()) > 0


def test_a_file_has_all_episodes(tmp_path: Path):
    path = tmp_path / "new" / "all.md"
    write_markdown([record_of("one"), record_of("two")], path)
    assert re.findall("# Episode `(.*)`", path.read_text()) == ["one", "two"]
    with pytest.raises(TrajectoryError, match="no episodes"):
        write_markdown([], tmp_path / "none.md")
    assert [one.name for one in tmp_path.iterdir()] == ["new"]
