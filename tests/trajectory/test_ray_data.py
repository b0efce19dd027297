from __future__ import annotations

from pathlib import Path

import pytest
from trajectory_values import journal, record_of

from claudebox_rl.trajectory import commit, load_dataset
from claudebox_rl.trajectory.upkeep import compact

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]
ray = pytest.importorskip("ray")


def test_each_part_is_read_by_a_task(tmp_path: Path) -> None:
    for index in range(4):
        journal(tmp_path, record_of(f"e{index}", num_steps=index, text="long " * 400))
        commit(tmp_path)
    dataset = load_dataset(tmp_path, min_num_steps=1)
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        steps = dataset.to_ray("steps")
        assert sorted(row["episode_id"] for row in steps.take_all()) == ["e1", "e2", "e2", "e3", "e3", "e3"]
        calls = dataset.to_ray("model_calls", ["episode_id", "request"]).materialize()
        assert calls.num_blocks() == 4
        assert calls.schema().names == ["episode_id", "request"]
        assert sum("long long" in row["request"] for row in calls.take_all()) == 12
        compact(tmp_path)
        with pytest.raises(Exception, match="load it again"):
            dataset.to_ray("steps").take_all()
        anew = load_dataset(tmp_path, min_num_steps=1).to_ray("steps")
        assert sorted(row["episode_id"] for row in anew.take_all()) == ["e1", "e2", "e2", "e3", "e3", "e3"]
    finally:
        ray.shutdown()
