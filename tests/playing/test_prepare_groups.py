"""Groups that can't be are refused before anything starts."""

from __future__ import annotations

import pytest

from claudebox_rl.config import PolicyConfig, RolloutConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.playing.prepare import check_rollout, prepare


@pytest.mark.parametrize(
    ("settings", "fix"),
    [
        ({"group_size": 0}, "group_size must be at least 1, not 0"),
        ({"group_size": 2, "branch_at": 0}, "branch_at must be at least 1, not 0"),
        ({"branch_at": 2}, "group_size of at least 2"),
    ],
)
def test_numbers_that_make_no_group(settings: dict[str, int], fix: str) -> None:
    with pytest.raises(ConfigError, match=fix):
        check_rollout(RolloutConfig(**settings))


@pytest.mark.parametrize(
    ("seat", "branch_at", "fix"),
    [
        ("model", 2, "seat=model can't branch.*seat=user or seat=shell"),
        ("tool", 2, "seat=tool can't branch"),
        ("user", 16, "branch_at=16 is never reached: episodes end after max_steps=16"),
    ],
)
def test_seats_and_lengths_that_can_not_branch(seat: str, branch_at: int, fix: str) -> None:
    with pytest.raises(ConfigError, match=fix):
        prepare({"seat": seat, "sandbox": "local"}, PolicyConfig(), RolloutConfig(group_size=2, branch_at=branch_at))
