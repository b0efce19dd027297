"""A run's metrics, scraped as Prometheus does from the endpoint of a real node."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec
from urllib.request import urlopen

import pytest
import ray

from claudebox_rl.distributed.metrics import RayMetrics
from claudebox_rl.types import Episode, EpisodeRequest, Flight, Outcome, Stage, Usage

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not find_spec("prometheus_client"), reason="needs `pip install 'claudebox_rl[metrics]'`"),
]
WAIT_S = 60.0


def episode(outcome: Outcome, **values: object) -> Episode:
    return Episode(
        "e", "r", "t", outcome, 1.0 if outcome.valid_for_training else None, usage=Usage(100, 7, 40), cost_usd=0.25,
        boot_s=0.2, setup_s=2.0, agent_s=200.0, verify_s=0.5, **values,
    )  # fmt: skip


def play(run_id: str) -> None:
    """Two episodes end, an attempt is lost, and one is being played on one of two machines."""
    metrics = RayMetrics(run_id)
    for _ in range(4):
        metrics.began(EpisodeRequest("t"))
    metrics.ended(episode(Outcome.COMPLETED), again=False)
    metrics.ended(episode(Outcome.INFRA_ERROR), again=False)
    metrics.ended(episode(Outcome.INFRA_ERROR), again=True)
    metrics.beat([Flight("e", "t", stage, 1.0) for stage in (Stage.QUEUED, Stage.START, Stage.AGENT)])


def scrape(run_id: str, is_there: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    """Return the run's samples by name and own labels, once they are there."""
    (node,) = ray.nodes()
    address = f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"
    deadline, samples = time.monotonic() + WAIT_S, {}
    while not is_there(samples) and time.monotonic() < deadline:
        with urlopen(address, timeout=10) as answer:
            samples = parsed(answer.read().decode(), run_id)
        time.sleep(0.5)
    return samples


def parsed(text: str, run_id: str) -> dict[str, float]:
    from prometheus_client.parser import text_string_to_metric_families

    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {
        " ".join(
            [
                sample.name,
                *(sample.labels[name] for name in ("outcome", "kind", "stage", "le") if name in sample.labels),
            ]
        ): (sample.value)
        for sample in samples
        if sample.labels.get("run_id") == run_id
    }


def test_what_prometheus_sees() -> None:
    play("run-1")
    prefix = "ray_claudebox_rl_"
    samples = scrape("run-1", lambda seen: f"{prefix}machines" in seen)
    own = {name.removeprefix(prefix): value for name, value in samples.items()}
    counts = {name: value for name, value in own.items() if "_bucket" not in name and "_sum" not in name}
    assert counts == {
        "episodes_total completed": 1,
        "episodes_total infra_error": 1,
        "attempts_lost_total": 1,
        "tokens_total input": 180,
        "tokens_total cached": 120,
        "tokens_total output": 21,
        "cost_usd_total": 0.75,
        "episodes_running": 1,
        "machines": 2,
        "mean_return": 1.0,
        "episode_return_count": 1,
        "stage_seconds_count start": 3,
        "stage_seconds_count setup": 3,
        "stage_seconds_count agent": 3,
        "stage_seconds_count verify": 3,
    }
    assert own["stage_seconds_bucket agent 100.0"] == 0
    assert own["stage_seconds_bucket agent 300.0"] == 3
    assert own["episode_return_bucket 0.999"] == 0
    assert own["episode_return_bucket +Inf"] == 1


def test_a_second_run_of_a_process_counts_for_itself() -> None:
    play("run-2")
    play("run-3")
    name = "ray_claudebox_rl_episodes_total completed"
    assert [scrape(run, lambda seen: name in seen)[name] for run in ("run-2", "run-3")] == [1, 1]
