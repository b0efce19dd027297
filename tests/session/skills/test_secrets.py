"""A skill's secrets reach the agent's commands, and nothing that is kept."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import gymnasium as gym
import pytest
from skill_parts import bash, scripted

from claudebox_rl import ClaudeBox, load_dataset
from claudebox_rl.gateway.redaction import Redactor
from claudebox_rl.playing import run_episode
from claudebox_rl.session.skills import registry
from claudebox_rl.session.skills.registry import SkillRegistry
from claudebox_rl.session.skills.scrub import scrub
from claudebox_rl.session.skills.skill import Skill
from claudebox_rl.trajectory.store import commit
from claudebox_rl.types import Outcome

VALUE = 'k"ey-zebra\\7-\u00e9'
VAULT = Skill("vault", "Opens the vault", env_vars={"VAULT_KEY": VALUE, "VAULT_PORT": "8200"}, plain_env=["VAULT_PORT"])
LEAK = 'echo "it is $VAULT_KEY at $VAULT_PORT"; echo "$VAULT_KEY" | wc -m; printenv VAULT_KEY >&2'


def holding(folder: Path, value: str = VALUE) -> list[str]:
    """Return the files below a folder that hold a value, as it is or as JSON writes it."""
    forms = {form.encode() for form in (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])}
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and any(form in path.read_bytes() for form in forms)
    ]


async def test_the_commands_have_it_and_nothing_kept_does(local_sandbox: str, own_home: Path, tmp_path: Path) -> None:
    # In a file: a session's settings are stored as they are given, and these have it in a model's own words.
    script = tmp_path / "script.yaml"
    script.write_text(json.dumps([bash(LEAK), bash(f"echo '{VALUE}' | tr a-z A-Z"), {"text": "done"}]))
    model = {"upstream": "scripted", "options": {"script": str(script)}}
    async with ClaudeBox(model=model, sandbox=local_sandbox, skills=[VAULT], session_id="s-vault") as box:
        result = await box.code(f"use it; by the way, it is {VALUE}")
        calls = box.take_model_calls()
        history = box.history()
    said = result.action_log[0].output
    assert "it is ***VAULT_KEY*** at 8200" in said
    assert f"{len(VALUE) + 1}" in said  # the command saw all of it
    assert VALUE not in repr(result)
    assert "***VAULT_KEY***" in json.dumps(result.action_log[1].input)
    assert len(calls) == 3
    for kept in (calls, history):
        text = json.dumps([dataclasses.asdict(each) if not isinstance(each, dict) else each for each in kept])
        assert json.dumps(VALUE)[1:-1] not in text
        assert "***VAULT_KEY***" in text
    assert any(b"***VAULT_KEY***" in path.read_bytes() for path in own_home.rglob("*.jsonl"))
    assert holding(own_home) == []


async def test_the_conversation_goes_on_after_it_was_cleaned(local_sandbox: str, own_home: Path) -> None:
    for number in range(2):
        async with scripted(bash(LEAK), sandbox=local_sandbox, skills=[VAULT], session_id="s-again") as box:
            result = await box.code("once more")
            (request, *_) = [call.request for call in box.take_model_calls()]
        assert result.success, result.error
        assert ("***VAULT_KEY***" in json.dumps(request)) == bool(number)
    assert holding(own_home) == []


async def test_what_a_killed_owner_left_is_cleaned_at_the_next_start(local_sandbox: str, own_home: Path) -> None:
    async with ClaudeBox(agent="nop", sandbox=local_sandbox, skills=[VAULT], session_id="s-killed"):
        pass
    (left,) = [path for path in (own_home / "sessions/s-killed").iterdir() if path.name == "agent"]
    (left / "old.jsonl").write_text(json.dumps({"text": VALUE}))
    async with ClaudeBox(agent="nop", sandbox=local_sandbox, skills=[VAULT], session_id="s-killed"):
        assert holding(own_home) == []


def test_a_dataset_holds_none(
    local_sandbox: str, own_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(registry, "_registry", SkillRegistry([VAULT]))
    script = [bash(LEAK), bash("echo $VAULT_KEY > note.txt"), {"text": f"done with {VALUE}", "repeat": True}]
    model = {"upstream": "scripted", "options": {"script": script}}
    task = "quickstart/fix-bug"
    env = gym.make("ClaudeBox-v0", task=task, model=model, sandbox=local_sandbox, skills=["vault"], actor=False)
    try:
        episode = run_episode(env, dataset=tmp_path / "set")
    finally:
        env.close()
    assert episode.outcome is Outcome.COMPLETED
    assert holding(tmp_path / "set") == []  # the journal, which is plain
    commit(tmp_path / "set")
    (record,) = load_dataset(tmp_path / "set")
    told = json.dumps([dataclasses.asdict(each) for each in (*record.steps, *record.model_calls)], ensure_ascii=False)
    assert "it is ***VAULT_KEY*** at 8200" in told
    assert json.dumps(VALUE, ensure_ascii=False)[1:-1] not in told


def test_scrubbing_follows_no_link(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    (outside / "file").write_text(VALUE)
    (inside / "deep/er").mkdir(parents=True)
    (inside / "deep/er/file").write_text(f"a {VALUE} b")
    (inside / "deep/er/file").chmod(0o640)
    (inside / "link").symlink_to(outside / "file")
    (inside / "folder").symlink_to(outside)
    os.mkfifo(inside / "pipe")
    assert scrub(inside, VAULT.secrets) == 1
    assert (outside / "file").read_text() == VALUE
    assert (inside / "deep/er/file").read_text() == "a ***VAULT_KEY*** b"
    assert (inside / "deep/er/file").stat().st_mode & 0o777 == 0o640
    assert scrub(tmp_path / "absent", VAULT.secrets) == 0


def test_named_values_go_by_their_names() -> None:
    redactor = Redactor(["plain-secret"], {"KEY": VALUE, "LONGER": VALUE + "-more"})
    assert redactor.text(f"{VALUE} {VALUE}-more plain-secret") == "***KEY*** ***LONGER*** [redacted]"
    assert redactor.value({"a": [VALUE]}) == {"a": ["***KEY***"]}
