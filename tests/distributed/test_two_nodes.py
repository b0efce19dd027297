"""Two nodes by `ray start`, each with a network, a home and a token file of its own: see `two_nodes`."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from two_nodes import BIN, PORT, Site, two_sites, why_not

from claudebox_rl import load_dataset
from claudebox_rl.types import Outcome

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def sites(local_sandbox: str) -> Iterator[tuple[Site, Site]]:
    if obstacle := why_not():
        pytest.skip(obstacle)
    with two_sites() as (head, other):
        head.join(head=None)
        other.join(head=head)
        yield head, other


def settings(head: Site, dataset: Path, *more: str) -> list[str]:
    return [f"ray.address={head.address}:{PORT}", "sandbox=local", f"out={dataset}", "rollout.num_workers=4", *more]


def outcomes(dataset: Path) -> Counter[Outcome]:
    return Counter(record.episode.outcome for record in load_dataset(dataset))


def workers(site: Site) -> list[int]:
    found = [psutil.Process(pid) for pid in site.pids()]
    return [process.pid for process in found if "RolloutWorker" in " ".join(process.cmdline())]


def settle(site: Site) -> None:
    """Wait until nothing is left of machines; the test's own time-out ends a wait in vain."""
    while site.machines():
        psutil.wait_procs([], timeout=0.1)


def test_both_nodes_play_into_one_dataset(sites: tuple[Site, Site]) -> None:
    head, other = sites
    dataset = head.home.parent / "both"
    said = head.run(BIN / "claudebox-rl", "rollout", *settings(head, dataset, "rollout.episodes_per_task=2"))
    assert outcomes(dataset) == {Outcome.COMPLETED: 16}, said
    for site in sites:
        assert (site.home / ".claudebox" / "machines").is_dir(), f"nothing was played on {site.address}"
        settle(site)
    said = head.run(BIN / "claudebox-rl", "machines", "reap", "--nodes", "--ray-address", f"{head.address}:{PORT}")
    assert sorted(said.splitlines()) == [f"{head.address}: 0 removed", f"{other.address}: 0 removed"]


def test_nothing_is_left_on_any_node_when_the_driver_is_killed(sites: tuple[Site, Site]) -> None:
    head, _ = sites
    slow = ("task=quickstart/fix-bug", "model=scripted", "rollout.episodes_per_task=8")
    script = "model.options.script=[{text: slow, delay_s: 600.0, repeat: true}]"
    argv = [BIN / "claudebox-rl", "rollout", *settings(head, head.home.parent / "killed", *slow, script)]
    with head.popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as driver:
        while not all(site.machines() and workers(site) for site in sites):
            with pytest.raises(subprocess.TimeoutExpired):
                driver.wait(0.2)
        os.kill(driver.pid, signal.SIGKILL)
    for site in sites:
        settle(site)
        assert psutil.wait_procs([psutil.Process(pid) for pid in workers(site)], timeout=60)[1] == []
