from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from claudebox_rl.cli.dataset.show import episodes_table, short_ids, show, totals
from claudebox_rl.cli.main import main
from claudebox_rl.cli.untrusted import printable
from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import EpisodeJournal, commit
from claudebox_rl.types import SUBMIT, Episode, ModelCall, Outcome, Step, ToolCall, Usage

HOSTILE = (
    "\x1b]0;title\x07\x1b]52;c;Y2xpcA==\x1b\\\x1b[2J\x1b[1;31m\x9b31m\x9d0;t\x9c\x1bP+q\x1b\\\x1bc\x08\x00"
    "over\rwritten \u202eesrever\u2066\u200f\ufeff [red]markup[/red] [/] [link=http://x]l[/link] :boom: ok"
)
HARMLESS = "over\nwritten esrever [red]markup[/red] [/] [link=http://x]l[/link] :boom: ok"


def episode(episode_id: str = "fix-bug-0-run", **changes: Any) -> Episode:
    plain = Episode(
        episode_id=episode_id,
        run_id="run",
        task_id="quickstart/fix-bug",
        outcome=Outcome.COMPLETED,
        episode_return=1.0,
        seed=3,
        rewards={"verifier": 1.0},
        num_steps=2,
        num_turns=5,
        boot_s=0.05,
        setup_s=0.2,
        agent_s=3.0,
        verify_s=0.3,
        usage=Usage(123_456, 999, 100_000),
        cost_usd=0.0123,
        agent="claude",
        agent_version="2.1.330",
        model="oracle",
        sandbox="local",
        isolation="namespace",
        started_at=1763974000.5,
        ended_at=1763974004.25,
    )
    return replace(plain, **changes)


def tool(name: str, given: dict[str, object], output: str = "", **rest: Any) -> ToolCall:
    return ToolCall("id", name, given, output, duration_s=0.41, **rest)


def steps_of(one: Episode, *tool_calls: ToolCall, action: str = "Fix the bug.", response: str = "Fixed.") -> list[Step]:
    first = {"instruction": "i", "response": "", "facts": [0.0]}
    return [
        Step(one.episode_id, 0, first, action, 0.0, {}, False, False, tool_calls, 3.2),
        Step(one.episode_id, 1, {**first, "response": response}, SUBMIT, 1.0, {"verifier": 1.0}, True, False),
    ]


def record(folder: Path, one: Episode, steps: list[Step], calls: list[ModelCall] | None = None) -> None:
    with EpisodeJournal(folder, one.episode_id) as journal:
        for step in steps:
            journal.add_step(step, calls or [])
        journal.finish(one)
    commit(folder)


def shown(folder: Path, which: str | None = None, *, full: bool = False, terminal: bool = False) -> str:
    colours = "truecolor" if terminal else "auto"
    console = Console(file=io.StringIO(), width=100, force_terminal=terminal, color_system=colours)
    show(str(folder), which, console=console, full=full)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_of_episodes(tmp_path: Path) -> None:
    record(tmp_path, episode(), steps_of(episode()))
    lost = episode(
        "parse-log-0-run",
        task_id="quickstart/parse-log",
        outcome=Outcome.INFRA_ERROR,
        episode_return=None,
        error_type="SandboxUnavailableError",
        error_message="the machine\ndied",
    )
    record(tmp_path, lost, [])
    header, first, second, failure, _, sums = shown(tmp_path).splitlines()
    assert header.split() == ["id", "task", "outcome", "return", "steps", "turns", "in", "out", "usd", "s"]
    assert first.split() == [
        *("fix-bug-0", "quickstart/fix-bug", "completed"),
        *("1.00", "2", "5", "123.5k", "999", "0.0123", "3.8"),
    ]
    assert second.split()[:4] == ["parse-log", "quickstart/parse-log", "infra_error", "-"]
    assert failure == "parse-log-0-run: SandboxUnavailableError: the machine died"
    assert sums.startswith(
        "2 episodes (1 completed, 1 infra_error)  mean return 1.000  4 steps  10 turns  246.9k tokens"
    )


def test_what_a_supervisor_was_asked_stands_before_its_decision(tmp_path: Path) -> None:
    step = steps_of(episode())[0]
    seen = {"instruction": "i", "tool": "Bash", "input": {"command": "ls"}, "facts": [0.0]}
    record(tmp_path, episode(), [replace(step, observation=seen, action='{"decision": 1}', terminated=True)])
    text = "\n".join(line.rstrip() for line in shown(tmp_path, "fix").splitlines())
    assert 'asked\n  Bash {"command": "ls"}\naction\n  {"decision": 1}\n' in text
    assert "prompt" not in text


def test_a_trajectory_reads_from_top_to_bottom(tmp_path: Path) -> None:
    calls = (
        tool("Bash", {"command": "pytest -q\nls", "description": "Run tests"}, "2 failed"),
        tool("Write", {"file_path": "/workspace/a.py", "content": "def f():\n\treturn 1\n"}, "ok"),
        tool(
            "Edit", {"file_path": "/workspace/b.py", "old_string": "x\ny", "new_string": "z"}, "no match", is_error=True
        ),
        tool("Grep", {"pattern": "é"}, parent_tool_use_id="t"),
    )
    record(tmp_path, episode(), steps_of(episode(), *calls))
    lines = [line.rstrip() for line in shown(tmp_path, "fix").splitlines()]
    text = "\n".join(lines)
    for part in (
        "episode  fix-bug-0-run",
        "task     quickstart/fix-bug, attempt 1, seed 3",
        "outcome  completed, return 1.00",
        "model    oracle, agent claude 2.1.330",
        "sandbox  local, isolation namespace",
        "started  2025-11-24 08:46:40 UTC",
        "prompt\n  Fix the bug.\n",
        "Bash  0.41 s  Run tests\n  $ pytest -q\n  ls\n  | 2 failed\n",
        "Write  0.41 s  /workspace/a.py\n  def f():\n      return 1\n  | ok\n",
        "Edit  0.41 s  /workspace/b.py  error\n  - x\n  - y\n  + z\n  | no match\n",
        '    Grep  0.41 s\n      {"pattern": "é"}\n',
        "response\n  Fixed.\n",
        "\nsubmitted\n",
        "rewards: verifier 1.00",
    ):
        assert part in text, part
    assert any(line.startswith("step 1, reward 1.00 (verifier 1.00), 0.0 s, terminated") for line in lines)
    assert text.index("prompt") < text.index("Bash") < text.index("response") < text.index("submitted")
    assert max(map(len, lines)) <= 100


def test_long_texts_are_shortened_unless_asked_for(tmp_path: Path) -> None:
    output = "\n".join([*(f"line {i}" for i in range(100)), "w" * 1000])
    one = episode(workspace_diff="\n".join(f"+{i}" for i in range(50)))
    record(tmp_path, one, steps_of(one, tool("Bash", {"command": "x"}, output)))
    short, full = shown(tmp_path, "fix"), shown(tmp_path, "fix", full=True)
    assert "... 89 lines hidden (--full shows them)" in short
    assert "... 38 lines hidden" in short
    assert "... 600 more characters" in short
    assert ("line 7 " in short, "line 8 " in short, "line 50 " in short, "line 98 " in short) == (
        True,
        False,
        False,
        True,
    )
    assert all(f"line {i} " in full for i in range(100))
    assert full.count("w") >= 1000
    assert "hidden" not in full


def test_the_last_response_of_an_episode_that_was_cut_comes_from_its_model_calls(tmp_path: Path) -> None:
    one = episode(outcome=Outcome.TRUNCATED)
    answer = {"content": [{"type": "text", "text": "Almost there."}, {"type": "tool_use", "name": "Bash"}]}
    calls = [
        ModelCall("1", one.episode_id, {}, answer, 200),
        ModelCall("2", one.episode_id, {}, {"content": [{"type": "text", "text": "aside"}]}, 200, agent_path="sub"),
        ModelCall("3", one.episode_id, {}, None, 0),
        ModelCall("4", one.episode_id, {}, {"content": "odd"}, 200),
    ]
    record(tmp_path, one, steps_of(one)[:1], calls)
    text = shown(tmp_path, "fix")
    assert "response\n  Almost there." in text
    assert "aside" not in text


def test_a_call_that_the_policy_refused_says_so(tmp_path: Path) -> None:
    refused = tool("Bash", {"command": "rm -rf /"}, "no", is_error=True, policy_violation="blocked_commands: rm -rf")
    record(tmp_path, episode(), steps_of(episode(), refused))
    text = shown(tmp_path, "fix")
    assert "refused by the security policy" in text
    assert "policy: blocked_commands: rm -rf" in text


def test_an_error_ends_the_trajectory(tmp_path: Path) -> None:
    one = episode(outcome=Outcome.AGENT_ERROR, error_type="AgentError", error_message="crashed\nbadly")
    record(tmp_path, one, steps_of(one)[:1])
    lines = [line.rstrip() for line in shown(tmp_path, "fix").splitlines()]
    assert lines[-3:] == ["AgentError", "  crashed", "  badly"]


def test_hostile_text_is_made_harmless() -> None:
    assert printable(HOSTILE) == HARMLESS
    assert printable("a\tb\r\nc\u2028d\x85e") == "a\tb\nc\nd\ne"
    assert printable("family 👩‍👩‍👧 é 日本語 \ud800") == "family 👩‍👩‍👧 é 日本語 \ufffd"
    assert printable("\x1b]0;no end, all shown") == "0;no end, all shown"
    assert printable("\x1b\x1b[0m[31mx") == "[31mx"


@pytest.mark.parametrize("which", [None, "fix"])
def test_no_text_of_an_agent_reaches_the_terminal_as_a_command(tmp_path: Path, which: str | None) -> None:
    one = episode(
        task_id=HOSTILE,
        error_type="E" + HOSTILE,
        error_message=HOSTILE,
        workspace_diff=HOSTILE,
        model=HOSTILE,
        agent_version=HOSTILE,
        rewards={HOSTILE: 1.0},
    )
    tools = [
        tool("Bash", {"command": HOSTILE, "description": HOSTILE}, HOSTILE),
        tool("Write", {"file_path": HOSTILE, "content": HOSTILE}),
        tool("Edit", {"file_path": HOSTILE, "old_string": HOSTILE, "new_string": HOSTILE}, HOSTILE, is_error=True),
        tool(HOSTILE, {HOSTILE: [HOSTILE]}, policy_violation=HOSTILE),
        tool("Bash", {"command": ["not", "text"]}),
    ]
    steps = steps_of(one, *tools, action=HOSTILE, response=HOSTILE)
    steps[0] = replace(steps[0], reward_terms={HOSTILE: 0.0})
    record(tmp_path, one, steps)
    plain = shown(tmp_path, which)
    unsafe = {c for c in plain if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs")}
    assert not unsafe
    assert "[red]markup[/red]" in plain
    assert ":boom:" in plain
    coloured = shown(tmp_path, which, terminal=True)
    assert "\x1b[" in coloured
    assert set(re.findall("\x1b.", coloured)) == {"\x1b["}
    assert set(re.findall("\x1b\\[[0-9;]*(.)", coloured)) == {"m"}, "only colours, and those are ours"
    assert "\x1b[2J" not in coloured
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == plain


def test_short_ids_name_one_episode_each() -> None:
    ids = ["fix-bug-0-run", "fix-bug-1-run", "fix-bug-1-run-attempt2", "parse-log-0-run", "episode-0123456789abcdef"]
    short = short_ids(ids)
    assert short == {
        "fix-bug-0-run": "fix-bug-0",
        "fix-bug-1-run": "fix-bug-1-run",
        "fix-bug-1-run-attempt2": "fix-bug-1-run-",
        "parse-log-0-run": "parse-log",
        "episode-0123456789abcdef": "episode-",
    }
    for whole, prefix in short.items():
        assert prefix == whole or [other for other in ids if other.startswith(prefix)] == [whole]
    assert short_ids([]) == {}


def test_nothing_to_sum_up() -> None:
    assert "0 episodes" in totals([])
    assert episodes_table([]).row_count == 0


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path, episode(), steps_of(episode()))
    assert main(["show", str(tmp_path)]) == 0
    assert "1 episodes (1 completed)" in capsys.readouterr().out
    assert main(["show", str(tmp_path), "fix-bug", "--full"]) == 0
    assert "Fix the bug." in capsys.readouterr().out
    assert main(["show", str(tmp_path), "other"]) == 2
    assert "fix-bug-0-run" in capsys.readouterr().err
    assert main(["show", str(tmp_path / "none")]) == 2
    with pytest.raises(TrajectoryError, match="no dataset"):
        shown(tmp_path / "none")
