"""`claudebox-rl sessions`, with sessions that were really played."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.cli.main import main
from claudebox_rl.session.keeping.folder import SessionFolder


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    return tmp_path


def made(session_id: str) -> SessionFolder:
    folder = SessionFolder(session_id)
    folder.open({})
    folder.close()
    return folder


def test_the_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sessions", "--help"])
    out = capsys.readouterr().out
    for word in ("ClaudeBox.reconnect", "cleaned", "--older-than 30d", "exit codes"):
        assert word in out


def test_list_and_its_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "list"]) == 0
    assert "no sessions in" in capsys.readouterr().out
    held = SessionFolder("held")
    held.open({})
    made("other")
    assert main(["sessions", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["id", "state"]
    assert {tuple(line.split()[:2]) for line in lines[1:]} == {("held", "open"), ("other", "closed")}
    assert main(["sessions", "list", "--json"]) == 0
    assert {info["session_id"] for info in json.loads(capsys.readouterr().out)} == {"held", "other"}
    held.close()


async def test_show_prints_what_was_done_without_control_sequences(
    local_sandbox: str, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = [{"tools": [{"name": "Bash", "input": {"command": "printf '\\033]0;title\\007[red]x'"}}]}, {"text": "done"}]
    model = {"upstream": "scripted", "options": {"script": turns}}
    async with ClaudeBox(model=model, sandbox=local_sandbox, session_id="s") as box:
        await box.code("write it")
    assert main(["sessions", "show", "s"]) == 0
    out = capsys.readouterr().out
    for words in ("1 prompts", "write it", "Bash: printf", "[red]x", "-> done"):
        assert words in out
    assert "\x1b]" not in out
    assert main(["sessions", "show", "s", "--json"]) == 0
    kinds = [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()]
    assert kinds == ["prompt", "action", "result"]


def test_clean_by_id_and_by_age(capsys: pytest.CaptureFixture[str]) -> None:
    folder = made("one")
    assert main(["sessions", "clean", "one"]) == 0
    assert f"removed one; kept {folder.workspace}" in capsys.readouterr().out
    assert folder.workspace.is_dir()
    made("two")
    assert main(["sessions", "clean", "--older-than", "1h"]) == 0
    assert "0 removed" in capsys.readouterr().out
    assert main(["sessions", "clean", "--older-than", "0s", "--workspace"]) == 0
    assert "2 removed" in capsys.readouterr().out
    assert not list(folder.path.parent.iterdir())


def test_what_can_t_be_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    folder = SessionFolder("held")
    folder.open({})
    for arguments, words in {
        ("held",): "is open already",
        ("missing",): "no session 'missing'",
        ("../x",): "letters, digits",
        (): "--older-than 30d",
        ("--older-than", "soon"): "such as 30d",
    }.items():
        assert main(["sessions", "clean", *arguments]) == 2
        assert words in " ".join(capsys.readouterr().err.split())
    folder.close()
