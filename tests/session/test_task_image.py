"""Which image a task is played in, and where in it it works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import ConfigError, SandboxStartError
from claudebox_rl.session.task_image import with_task_image
from claudebox_rl.tasks import SeparateMachine, Task


def make_layout(folder: Path, workdir: str) -> Path:
    """A layout of an image without files."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(content: object) -> dict[str, str]:
        from hashlib import sha256

        data = json.dumps(content).encode()
        (blobs / sha256(data).hexdigest()).write_bytes(data)
        return {"digest": f"sha256:{sha256(data).hexdigest()}"}

    manifest = blob({"config": blob({"config": {"WorkingDir": workdir}}), "layers": []})
    (folder / "index.json").write_text(json.dumps({"manifests": [manifest]}))
    return folder


def make_task(folder: Path, **fields: object) -> Task:
    (folder / "environment").mkdir(parents=True)
    (folder / "environment" / "Dockerfile").write_text("FROM scratch\n")
    return Task("t", folder, "Do it.", **fields)  # pyright: ignore[reportArgumentType]


def test_the_layout_called_as_the_task(tmp_path: Path):
    layout = make_layout(tmp_path / "images" / "one", "/app")
    config, task = with_task_image(
        SandboxConfig(task_images=str(tmp_path / "images")), make_task(tmp_path / "tasks" / "one")
    )
    assert task is not None
    assert (config.image, config.task_images, task.workdir) == (str(layout), None, "/app")
    assert with_task_image(config, task) == (config, task)


def test_what_the_task_says_itself_stands(tmp_path: Path):
    make_layout(tmp_path / "images" / "one", "/app")
    config = SandboxConfig(task_images=str(tmp_path / "images"))
    _, task = with_task_image(config, make_task(tmp_path / "one", workdir="/srv"))
    assert task is not None
    assert task.workdir == "/srv"


def test_a_task_without_an_image_of_its_own_works_in_the_workspace(tmp_path: Path):
    layout = make_layout(tmp_path / "layout", "/root")
    plain = Task("t", tmp_path, "Do it.")
    assert with_task_image(SandboxConfig(image=str(layout)), plain) == (SandboxConfig(image=str(layout)), plain)


def test_a_layout_as_docker_image(tmp_path: Path):
    layout = make_layout(tmp_path / "layout", "/app")
    _, task = with_task_image(SandboxConfig(), Task("t", tmp_path, "Do it.", image=str(layout)))
    assert task is not None
    assert task.workdir == "/app"


def test_a_registrys_image_does_not_say(tmp_path: Path):
    plain = Task("t", tmp_path, "Do it.", image="python:3.13-slim")
    assert with_task_image(SandboxConfig(), plain) == (SandboxConfig(), plain)


def test_the_verifiers_image(tmp_path: Path):
    make_layout(tmp_path / "images" / "one", "/app")
    tests = make_layout(tmp_path / "images" / "one.tests", "/judge")
    config = SandboxConfig(task_images=str(tmp_path / "images"))
    _, task = with_task_image(config, make_task(tmp_path / "one", separate=SeparateMachine(is_built=True)))
    assert task is not None
    assert task.separate == SeparateMachine(str(tests), is_built=True, workdir="/judge")
    _, other = with_task_image(config, make_task(tmp_path / "a" / "one", separate=SeparateMachine("judge:1")))
    assert other is not None
    assert other.separate == SeparateMachine("judge:1")


def test_what_can_not_be(tmp_path: Path):
    task = make_task(tmp_path / "one")
    with pytest.raises(ConfigError, match=r"sandbox\.task_images=.*nowhere is no folder"):
        with_task_image(SandboxConfig(task_images=str(tmp_path / "nowhere")), task)
    for other in ({"image": "x:1"}, {"template": "x:1"}):
        with pytest.raises(ConfigError, match="not both"):
            with_task_image(SandboxConfig(task_images=str(tmp_path), **other), task)
    broken = tmp_path / "images" / "one"
    broken.mkdir(parents=True)
    (broken / "index.json").write_text("{")
    with pytest.raises(SandboxStartError, match="can't be used"):
        with_task_image(SandboxConfig(task_images=str(broken.parent)), task)
