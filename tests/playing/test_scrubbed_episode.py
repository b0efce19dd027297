"""What a session knows is not in its stored episode, wherever an agent lets it show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from claudebox_rl import load_dataset, rollout
from claudebox_rl.errors import ConfigError

SECRET = "task-token-Zq81mmXr55"
SOLVE = f"""
env; env > leak.txt; printf '%s' "$SERVICE_TOKEN" > leak.bin; head -c 300000 /dev/zero >> leak.bin
head -c 300000 /dev/zero > clean.bin; echo ghp_{"a1B2" * 9}
"""


@pytest.fixture
def task(tmp_path: Path) -> str:
    for name, text in {
        "instruction.md": "Do it.",
        "task.toml": f"""
            [environment]
            workdir = "/workspace"
            [environment.env]
            SERVICE_TOKEN = "{SECRET}"
            PLAIN = "plain-value-1"
            """,
        "environment/README": "x",
        "solution/solve.sh": SOLVE,
        "tests/test.sh": "echo 1 > ${CLAUDEBOX_ROOT:-}/logs/verifier/reward.txt",
    }.items():
        path = tmp_path / "task" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(tmp_path / "task")


def play(task: str, sandbox: str, out: Path, scrub: str) -> tuple[str, Any, Path]:
    (episode,) = rollout(task=task, model="oracle", sandbox=sandbox, num_workers=0, out=out, scrub=scrub)
    dataset = load_dataset(out)
    text = "".join(str(table.to_pylist()) for table in (dataset.episodes, dataset.steps, dataset.model_calls))
    (record,) = dataset
    assert record.episode == episode
    return text, record.episode, out


def test_keys_are_taken_out_and_counted(task: str, local_sandbox: str, tmp_path: Path) -> None:
    text, episode, out = play(task, local_sandbox, tmp_path / "keys", "keys")
    assert SECRET not in text
    assert "SERVICE_TOKEN=[secret:env:service_token]" in text
    assert "plain-value-1" in text
    assert "ghp_a1B2" in text
    assert episode.num_scrubbed >= 3
    kinds = {file.path: file.kind for file in episode.workspace_files}
    assert kinds == {"clean.bin": "blob", "leak.bin": "left_out", "leak.txt": "text"}
    assert episode.workspace_left_out == 2, "the diff is no longer the whole text"
    assert "[secret:env:service_token]" in episode.workspace_diff
    assert len(list(out.glob("blobs/*/*"))) == 1


def test_off_leaves_all_and_detect_finds_more(task: str, local_sandbox: str, tmp_path: Path) -> None:
    text, episode, _ = play(task, local_sandbox, tmp_path / "off", "off")
    assert SECRET in text
    assert episode.num_scrubbed is None
    text, episode, _ = play(task, local_sandbox, tmp_path / "detect", "detect")
    assert SECRET not in text
    assert "ghp_a1B2" not in text
    with pytest.raises(ConfigError, match="keys, detect, off"):
        play(task, local_sandbox, tmp_path / "none", "all")
