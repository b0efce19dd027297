"""What `claudebox-rl doctor` finds of Ray, and of each node of its cluster."""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Iterator

import claudebox_rl
from claudebox_rl.config import RayConfig
from claudebox_rl.distributed.cluster import ensure_ray, ray
from claudebox_rl.distributed.nodes import Node, living_nodes, on_each_node
from claudebox_rl.errors import ConfigError
from claudebox_rl.session.checkup.checkup import Wanted, check_machine
from claudebox_rl.session.checkup.finding import Finding

_NODES_S = 420.0
"""A micro-VM that is tried for the first time takes minutes."""
_SKEW_S = 2.0


def check_ray(cluster: RayConfig) -> Finding:
    """Start Ray or join the cluster; this process stays connected."""
    started = time.monotonic()
    try:
        ensure_ray(cluster)
    except ConfigError as error:
        fix = error.context.get("fix", "correct the setting that is named")
        return Finding("ray", "fail", f"{ray.__version__}: {error.context.get('problem', error)}", fix)
    took = time.monotonic() - started
    where = "starts here" if cluster.address == "local" else f"{cluster.address} answers"
    size = f"{len(living_nodes())} nodes, {ray.cluster_resources().get('CPU', 0):g} processors"
    return Finding("ray", "ok", f"{ray.__version__}, {where} in {took:.1f} s: {size}")


def check_nodes(wanted: Wanted) -> Iterator[tuple[Node, list[Finding]]]:
    """Look at every node of the cluster that this process is connected to, all at the same time.

    Args:
        wanted: What they are to play.

    Yields:
        A node and what was found there, as soon as it is known.
    """
    for node, found in on_each_node(_examine, wanted, timeout_s=_NODES_S):
        received_at = time.time()
        if isinstance(found, BaseException):
            lines = str(found).strip().splitlines() or [type(found).__name__]
            fix = f"install claudebox_rl {claudebox_rl.__version__} there, for Python {platform.python_version()}"
            yield node, [Finding("node", "fail", lines[-1], fix)]
            continue
        version, findings, sent_at = found
        yield node, [_same_version(version), *findings, _skew(sent_at - received_at)]


def _examine(wanted: Wanted) -> tuple[str, list[Finding], float]:
    findings = asyncio.run(check_machine(wanted))
    return claudebox_rl.__version__, findings, time.time()


def _same_version(version: str) -> Finding:
    if version == claudebox_rl.__version__:
        return Finding("version", "ok", f"claudebox_rl {version}")
    seen = f"claudebox_rl {version} there, {claudebox_rl.__version__} here"
    return Finding("version", "fail", seen, "install the same version on every node")


def _skew(ahead_s: float) -> Finding:
    """The answer came at once, so its time is that of here, but for the difference of the clocks."""
    if abs(ahead_s) <= _SKEW_S:
        return Finding("clocks", "ok", f"as here, to {_SKEW_S:g} s")
    seen = f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} the clock here"
    return Finding("clocks", "warn", seen, "run chrony or systemd-timesyncd on both")
