"""How many jobs a cluster holds at the same time."""

from __future__ import annotations

from claudebox_rl.config import RayConfig
from claudebox_rl.distributed.cluster import ensure_ray, ray


def jobs_that_fit(cluster: RayConfig, num_workers: int) -> int:
    """Connect to the cluster, once for all jobs, and return how many have a processor for each of their workers.

    Args:
        cluster: The cluster.
        num_workers: Of one job, at least 1.

    Returns:
        At least 1.

    Raises:
        ConfigError: The cluster can't be had.
    """
    ensure_ray(cluster)
    return max(1, int(ray.cluster_resources().get("CPU", 1)) // num_workers)
