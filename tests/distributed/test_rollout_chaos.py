"""A rollout that is harmed at random, and what is said of its dataset."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "chaos"
sys.path.append(str(SCRIPTS))

from chaos_driver import plan  # noqa: E402
from rollout_chaos import base_id, judge  # noqa: E402


def row(episode_id: str, outcome: str, episode_return: float | None, seed: int) -> dict:
    return {"episode_id": episode_id, "outcome": outcome, "episode_return": episode_return, "seed": seed}


def test_each_kind_of_damage_is_found() -> None:
    requests = plan(4)
    names = [request.episode_id for request in requests]
    good = [row(names[0], "infra_error", None, 0), row(f"{names[0]}-attempt2", "completed", 1.0, 0)]
    good += [row(name, "completed", 1.0, 0) for name in names[1:]]
    told = [[names[1], "completed", 1.0]]
    kinds = ("unplayed", "lost", "doubled", "wrongly_scored")

    def found(rows: list[dict]) -> list[int]:
        damage = judge(rows, requests, told, scores=True)
        return [damage[kind] for kind in kinds]

    assert found(good) == [0, 0, 0, 0]
    assert found([*good[:2], *good[3:]]) == [1, 1, 0, 0]
    assert found([*good, row(f"{names[1]}-again", "completed", 1.0, 0)]) == [0, 0, 1, 0]
    assert found([*good, good[0]]) == [0, 0, 1, 0]
    assert found([*good[:-1], row(names[3], "completed", 0.0, 0)]) == [0, 0, 0, 1]
    assert found([row(names[0], "infra_error", 0.0, 0), *good[1:]]) == [0, 0, 0, 1]


def test_attempts_belong_to_their_request() -> None:
    assert [base_id(name) for name in ("a-0-run", "a-0-run-attempt2", "a-0-run-again-attempt3-again")] == [
        "a-0-run"
    ] * 3


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("agent", "num_episodes"), [("shell", 100), ("claude", 20)])
def test_nothing_is_lost_doubled_or_wrongly_scored(local_sandbox: str, agent: str, num_episodes: int) -> None:
    if os.geteuid() != 0:
        pytest.skip("a small disk is mounted by root")
    command = [sys.executable, str(SCRIPTS / "rollout_chaos.py"), "--agent", agent, "--episodes", str(num_episodes)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    assert json.loads(ended.stdout)["finished"]
