from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from claudebox_rl.distributed.cluster import ensure_ray

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps these tests together in one process: each process would start a cluster of its own."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("ray"))


@pytest.fixture(scope="session", autouse=True)
def cluster(home_folder: object) -> Iterator[None]:
    """One real cluster for all of these tests; starting it takes ten seconds."""
    ensure_ray()
    yield
    ray.shutdown()
