"""A rollout from the command line: every task of the quickstart, with the real CLI, each in a real micro-VM."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from claudebox_rl import load_dataset
from claudebox_rl.cli.main import main
from claudebox_rl.tasks import find_tasks
from claudebox_rl.types import Outcome

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(1800)]
IMAGE = os.environ.get("CLAUDEBOX_LAB_IMAGE", "")


def test_the_oracle_gets_everything_on_micro_vms(tmp_path: Path) -> None:
    machine = ["sandbox=boxlite", f"sandbox.image={IMAGE}", "sandbox.start_timeout_s=240", "sandbox.memory_mib=2048"]
    assert main(["rollout", f"out={tmp_path}/data", "model=oracle", "rollout.num_workers=0", *machine]) == 0
    episodes = [record.episode for record in load_dataset(tmp_path / "data")]
    assert sorted(episode.task_id for episode in episodes) == sorted(task.task_id for task in find_tasks("quickstart"))
    assert {(episode.sandbox, episode.isolation) for episode in episodes} == {("boxlite", "microvm")}
    assert {episode.outcome for episode in episodes} == {Outcome.COMPLETED}
    assert {episode.episode_return for episode in episodes} == {1.0}
