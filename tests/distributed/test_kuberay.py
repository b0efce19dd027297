"""The form of the KubeRay manifest; it needs a Kubernetes cluster to be tried."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from claudebox_rl.cli.schema import load_config

MANIFEST = Path(__file__).parents[2] / "deploy" / "kuberay" / "rollout.yaml"


@pytest.fixture
def job() -> dict:
    return yaml.safe_load(MANIFEST.read_text())


def test_it_says_that_it_was_not_tried() -> None:
    assert "NOT TRIED ON A CLUSTER" in MANIFEST.read_text()


def test_its_commands_are_understood(job: dict) -> None:
    commands = re.findall(r"claudebox-rl (doctor|rollout) ([^&\"]*)", job["spec"]["entrypoint"])
    assert [name for name, _ in commands] == ["doctor", "rollout"]
    for _, arguments in commands:
        config = load_config([argument for argument in arguments.split() if not argument.startswith("--")])
        assert config.ray.address == "auto"


def test_every_pod_runs_one_image_and_protects_ray(job: dict) -> None:
    cluster = job["spec"]["rayClusterSpec"]
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    assert cluster["authOptions"] == {"mode": "token"}
    assert cluster["rayVersion"] >= "2.52"  # authOptions need it
    assert cluster["rayVersion"] in MANIFEST.read_text().split("apiVersion")[0], "the image is built from another Ray"
    pods = [group["template"]["spec"] for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])]
    containers = [container for pod in pods for container in pod["containers"]]
    assert len({container["image"] for container in containers}) == 1
    for pod in pods:
        volumes = {volume["name"] for volume in pod["volumes"]}
        assert {mount["name"] for mount in pod["containers"][0]["volumeMounts"]} == volumes
        assert {"name": "RAY_memory_monitor_refresh_ms", "value": "0"} in pod["containers"][0]["env"]
    assert not any("value" in variable and "KEY" in variable["name"] for one in containers for variable in one["env"])
