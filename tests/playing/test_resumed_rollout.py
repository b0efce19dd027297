"""`rollout()` under an id that was played before."""

from __future__ import annotations

from pathlib import Path

import pytest

from claudebox_rl import load_dataset, rollout
from claudebox_rl.distributed.rollout import Rollout
from claudebox_rl.errors import ConfigError


def nop(sandbox: str, out: Path, episodes_per_task: int) -> Rollout:
    return rollout(
        task="quickstart/fix-bug",
        agent="nop",
        sandbox=sandbox,
        num_workers=0,
        episodes_per_task=episodes_per_task,
        run_id="exp",
        out=out,
    )


def test_a_rollout_under_the_same_id_gives_what_is_missing(local_sandbox: str, tmp_path: Path) -> None:
    for episode in nop(local_sandbox, tmp_path, 2):
        first = episode.episode_id
        with pytest.raises(ConfigError, match="is driven by"):
            next(iter(nop(local_sandbox, tmp_path, 2)))
        break
    rest = [episode.episode_id for episode in nop(local_sandbox, tmp_path, 3)]
    assert [first, *rest] == ["fix-bug-0-exp", "fix-bug-1-exp", "fix-bug-2-exp"]
    assert list(nop(local_sandbox, tmp_path, 3)) == []
    assert sorted(load_dataset(tmp_path).episode_ids) == [first, *rest]
