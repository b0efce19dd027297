"""Groups on real Ray actors."""

from __future__ import annotations

from pathlib import Path

from claudebox_rl import load_dataset, rollout
from claudebox_rl.sandbox import journal
from claudebox_rl.types import Outcome


def test_a_group_is_played_by_one_worker_from_one_state(local_sandbox: str, tmp_path: Path) -> None:
    episodes = list(
        rollout(
            task="quickstart/fix-bug",
            seat="shell",
            sandbox=local_sandbox,
            policy="random",
            max_steps=2,
            num_workers=1,
            sessions_per_worker=2,
            group_size=3,
            branch_at=1,
            seed=4,
            out=tmp_path,
            run_id="r",
        )
    )
    assert {one.outcome for one in episodes} == {Outcome.TRUNCATED}
    assert sorted((one.seed, one.parent_episode_id, one.fork_step) for one in episodes) == [
        (4, None, None),
        (5, "fix-bug-0-r", 1),
        (6, "fix-bug-0-r", 1),
    ]
    dataset = load_dataset(tmp_path)
    (group,) = dataset.groups()
    assert (group.group_id, group.num_valid, group.std) == ("fix-bug-group0-r", 3, 0.0)
    played = {one.episode_id: [step.action for step in dataset.whole(one.episode_id).steps] for one in episodes}
    assert len({actions[0] for actions in played.values()}) == 1
    assert len({actions[1] for actions in played.values()}) == 3
    assert not list(journal.machines_dir().glob("*.json"))
