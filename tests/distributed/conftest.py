from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from claudebox_rl.distributed.cluster import ensure_ray


@pytest.fixture(scope="session", autouse=True)
def cluster(home_folder: object) -> Iterator[None]:
    """One real cluster for all of these tests, whose workers find their modules; starting it takes ten seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        ensure_ray()
    yield
    ray.shutdown()
