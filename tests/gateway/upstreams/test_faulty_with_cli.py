"""The unmodified CLI on a bad line to its model: nothing hangs, nothing unplayed is scored, each call is counted."""

from __future__ import annotations

import json
import logging
from collections import Counter
from pathlib import Path

import pytest
from fault_lab import Played, misaccounted, play

from claudebox_rl.gateway.upstreams._faults import FAULTS
from claudebox_rl.types import Outcome

log = logging.getLogger(__name__)

LONGEST_S = 150.0
"""Of an episode: its prompt may take 120 s, however many of its calls stall or hang until the CLI gives up."""


def check(played: list[Played]) -> None:
    assert misaccounted(played) == []
    for each in played:
        episode = each.record.episode
        ending = (episode.outcome, episode.episode_return, episode.error_type)
        assert ending in ((Outcome.COMPLETED, 1.0, None), (Outcome.INFRA_ERROR, None, "GatewayError")), episode
        assert each.wall_s < LONGEST_S, episode


def test_episodes_come_through_or_are_no_episodes(local_sandbox: str, tmp_path: Path) -> None:
    rates = dict.fromkeys((fault for fault in FAULTS if fault != "stall"), 0.05)  # a stall takes the CLI ten seconds
    played = play(8, tmp_path / "set", local_sandbox, rates, seed=1)
    check(played)
    met = Counter(met.fault for each in played for met in each.tries)
    assert len(met) > 5, met
    assert sum(each.record.episode.outcome is Outcome.COMPLETED for each in played) >= 6


def test_a_model_that_never_answers_is_no_return_of_zero(local_sandbox: str, tmp_path: Path) -> None:
    played = play(2, tmp_path / "set", local_sandbox, {"500": 0.5, "drop": 0.5})
    check(played)
    assert [each.record.episode.outcome for each in played] == [Outcome.INFRA_ERROR] * 2
    assert all(each.record.model_calls and not each.record.episode.valid_for_training for each in played)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("endpoint", [None, "a bad line"], ids=["the CLI tries again", "the gateway tries again"])
def test_two_hundred_episodes_at_twenty_percent(local_sandbox: str, tmp_path: Path, endpoint: str | None) -> None:
    played = play(200, tmp_path / "set", local_sandbox, 0.2, endpoint=endpoint)
    met = Counter(met.fault or "none" for each in played for met in each.tries)
    outcomes = Counter(str(each.record.episode.outcome) for each in played)
    walls = sorted(each.wall_s for each in played)
    figures = {"met": met, "num_calls": sum(len(each.calls) for each in played), "outcomes": outcomes}
    log.warning("%s", json.dumps(figures | {"median_s": walls[100], "longest_s": walls[-1]}))
    check(played)
    assert met.keys() == {*FAULTS, "none"}
    assert outcomes["completed"] >= 190
