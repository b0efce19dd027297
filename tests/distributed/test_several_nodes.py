"""A rollout over several nodes, of which one is lost and one comes while it goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from ray.cluster_utils import Cluster

from claudebox_rl import load_dataset
from claudebox_rl.sandbox import journal
from claudebox_rl.types import Outcome

pytestmark = pytest.mark.slow
ONE_WORKER = {"microvm": 1}
SLOW_MODEL = "model.options.script=[{text: slow, delay_s: 8.0, repeat: true}]"


@pytest.fixture
def cluster_of_three(home_folder: object) -> Iterator[Cluster]:
    head = {"num_cpus": 1, "include_dashboard": False, "resources": ONE_WORKER}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        cluster.add_node(num_cpus=1, resources=ONE_WORKER)
    yield cluster
    cluster.shutdown()


def workers_of(node: Any) -> list[int]:
    """Processes that play on a node."""
    (raylet,) = node.all_processes["raylet"]
    children = psutil.Process(raylet.process.pid).children(recursive=True)
    return [child.pid for child in children if "RolloutWorker" in " ".join(child.cmdline())]


def start_rollout(address: str, dataset: Path) -> subprocess.Popen[str]:
    settings = [f"ray.address={address}", "sandbox=local", "task=quickstart/fix-bug", "model=scripted", SLOW_MODEL]
    settings += [f"out={dataset}", "rollout.num_workers=3", "rollout.episodes_per_task=9"]
    path = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-m", "claudebox_rl.cli.main", "rollout", *settings]
    with dataset.with_suffix(".log").open("w") as log:
        return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stdout=log, stderr=log, text=True)


def wait_until(holds: Callable[[], bool], driver: subprocess.Popen[str]) -> None:
    """Look again and again while the rollout goes on; its log tells why it did not."""
    while not holds():
        try:
            driver.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError("the rollout ended first")


@pytest.mark.timeout(300)
def test_a_node_is_lost_and_one_comes(local_sandbox: str, cluster_of_three: Cluster, tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    with start_rollout(cluster_of_three.address, dataset) as driver:
        wait_until(lambda: any(map(workers_of, cluster_of_three.worker_nodes)), driver)
        lost = next(node for node in cluster_of_three.worker_nodes if workers_of(node))
        owners = set(workers_of(lost))
        wait_until(lambda: any(entry.owner_pid in owners for entry in journal.records()), driver)
        cluster_of_three.remove_node(lost, allow_graceful=False)
        new = cluster_of_three.add_node(num_cpus=1, resources=ONE_WORKER)
        wait_until(lambda: bool(workers_of(new)), driver)
        driver.wait()
    log = dataset.with_suffix(".log").read_text()
    assert driver.returncode == 0, log
    stored = [record.episode for record in load_dataset(dataset)]
    assert len({episode.episode_id for episode in stored}) == len(stored)
    outcomes = Counter(episode.outcome for episode in stored)
    assert outcomes[Outcome.COMPLETED] == 9, log
    assert set(outcomes) == {Outcome.COMPLETED, Outcome.INFRA_ERROR}, "nothing was lost: " + log
    assert [entry for entry in journal.records() if entry.owner_pid in owners] == []
