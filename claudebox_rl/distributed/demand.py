"""What one worker takes of the cluster, and whether the cluster can ever give it."""

from __future__ import annotations

from typing import Any

from claudebox_rl.config import RayConfig, RolloutConfig
from claudebox_rl.distributed.cluster import ray
from claudebox_rl.errors import ConfigError

MICROVM = "microvm"
"""The custom resource that counts the machines that a node may hold: `ray start --resources='{"microvm": 32}'`."""


def worker_options(cluster: RayConfig, rollout: RolloutConfig) -> dict[str, Any]:
    """Return what Ray is told of each worker; the cluster must be connected.

    Raises:
        ConfigError: No node can ever hold one; says what each lacks and what to change.
    """
    nodes = [node for node in ray.nodes() if node["Alive"]]
    resources = dict(cluster.worker_resources)
    microvms = cluster.microvms_per_session
    if microvms is None:
        microvms = 1.0 if any(MICROVM in node["Resources"] for node in nodes) else 0.0
    if microvms:
        resources[MICROVM] = microvms * rollout.sessions_per_worker
    options = {
        "num_cpus": cluster.worker_cpus,
        "memory": cluster.worker_memory_mib << 20,
        "resources": resources,
        "label_selector": dict(cluster.worker_labels),
    }
    if not cluster.can_grow and not any(_holds(node, options) for node in nodes):
        raise ConfigError(_refusal(nodes, options))
    # SPREAD: without processors to count, Ray would fill one node before it takes the next.
    return {name: value for name, value in options.items() if value} | {
        "num_cpus": cluster.worker_cpus,
        "scheduling_strategy": "SPREAD",
    }


def _holds(node: dict[str, Any], options: dict[str, Any]) -> bool:
    return not _lacking(node, options)


def _lacking(node: dict[str, Any], options: dict[str, Any]) -> list[str]:
    has: dict[str, float] = node["Resources"]
    wanted = {"CPU": options["num_cpus"], "memory": options["memory"], **options["resources"]}
    lacks = [f"{name} {has.get(name, 0):g} of {value:g}" for name, value in wanted.items() if has.get(name, 0) < value]
    labels: dict[str, str] = node.get("Labels") or {}
    lacks += [
        f"label {name}={value}"
        for name, value in options["label_selector"].items()
        if not _is_labelled(labels.get(name), value)
    ]
    return lacks


def _is_labelled(label: str | None, wanted: str) -> bool:
    """Whether a node's label is as a selector of Ray asks: `a`, `!a`, `in(a,b)`, `!in(a,b)`."""
    is_negated = wanted.startswith("!")
    choice = wanted.removeprefix("!")
    values = choice[3:-1].split(",") if choice.startswith("in(") and choice.endswith(")") else [choice]
    return (label in [value.strip() for value in values]) is not is_negated


def _refusal(nodes: list[dict[str, Any]], options: dict[str, Any]) -> str:
    lines = [f"{node['NodeManagerHostname']}: {', '.join(_lacking(node, options))}" for node in nodes[:8]]
    return (
        "no node of the Ray cluster can ever hold one worker; they lack "
        + "; ".join(lines)
        + ". Lower ray.worker_cpus, ray.worker_memory_mib, ray.microvms_per_session, ray.worker_resources or "
        "rollout.sessions_per_worker, change ray.worker_labels, start Ray on a node that has them "
        "(`ray start --resources='{\"microvm\": 32}'`), or wait for new nodes with ray.can_grow=true"
    )
