from __future__ import annotations

from collections.abc import Iterator

import pytest
import ray

from claudebox_rl.distributed.cluster import ensure_ray


@pytest.fixture(scope="session", autouse=True)
def cluster(home_folder: object) -> Iterator[None]:
    """One real cluster for all of these tests; starting it takes ten seconds."""
    ensure_ray()
    yield
    ray.shutdown()
