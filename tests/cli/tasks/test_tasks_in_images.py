"""Task folders in the shape of Harbor's, whose images are built of their Dockerfiles, played in the local sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest
from oci_lab import Layout, entry, hosts_own, layer

from claudebox_rl.cli.main import main

CONFIG = """\
version = "1.0"
artifacts = ["/app/report.json"]

[task]
name = "org/log-report"
authors = []

[metadata]
difficulty = "easy"

[verifier]
timeout_sec = 120.0
{verifier}

[agent]
timeout_sec = 120.0

[environment]
build_timeout_sec = 600.0
cpus = 1
memory_mb = 2048
storage_mb = 10240
gpus = 0
allow_internet = false
mcp_servers = []

[verifier.env]

[solution.env]
"""
SOLVE = """\
#!/bin/bash
set -euo pipefail
python3 -c 'import json; print(json.dumps({"lines": len(open("access.log").readlines())}))' >/app/report.json
touch read/nothing
"""
TEST = """\
#!/bin/bash
# As most are: it trusts no exit code, and starts in the working directory.
if [ "$PWD" = "/" ]; then
  echo "no working directory"
  exit 1
fi
mkdir -p /logs/verifier
python3 /tests/test_outputs.py
if [ $? -eq 0 ]; then echo 1 >/logs/verifier/reward.txt; else echo 0 >/logs/verifier/reward.txt; fi
"""
OUTPUTS = """\
import json
assert json.load(open("/app/report.json")) == {"lines": 3}
"""
ALL = "solution,nothing,random"


def make_folder(folder: Path, *, verifier: str = "") -> Path:
    for name in ("environment", "solution", "tests"):
        (folder / name).mkdir(parents=True)
    (folder / "task.toml").write_text(CONFIG.format(verifier=verifier))
    (folder / "instruction.md").write_text("Count the lines of /app/access.log in /app/report.json.\n")
    (folder / "environment/Dockerfile").write_text("FROM python:3.13-slim\nWORKDIR /app\nCOPY access.log /app/\n")
    (folder / "environment/access.log").write_text("a\nb\nc\n")
    (folder / "solution/solve.sh").write_text(SOLVE)
    (folder / "tests/test.sh").write_text(TEST)
    (folder / "tests/test_outputs.py").write_text(OUTPUTS)
    return folder


@pytest.fixture(scope="module")
def own_layer() -> bytes:
    return hosts_own()


def make_image(folder: Path, own_layer: bytes, workdir: str = "/app") -> Path:
    """What `docker build` would make of the Dockerfile."""
    made = Layout(folder)
    files = layer([entry("app/access.log", "a\nb\nc\n"), entry("app/read")])
    return made.finish(made.image([own_layer, files], workdir=workdir))


def test_a_folder_is_proved_in_its_image(local_sandbox: str, own_layer: bytes, tmp_path: Path):
    folder = make_folder(tmp_path / "tasks" / "log-report")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    make_image(tmp_path / "images" / "log-report", own_layer)
    where = ["--sandbox", local_sandbox, "--repeat", "1", "--players", ALL]
    assert main(["tasks", "check", str(tmp_path / "tasks"), *where, "--task-images", str(tmp_path / "images")]) == 0
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_one_image_can_be_given_by_itself(local_sandbox: str, own_layer: bytes, tmp_path: Path):
    folder = make_folder(tmp_path / "log-report")
    layout = make_image(tmp_path / "layout", own_layer)
    where = ["--sandbox", local_sandbox, "--repeat", "1", "--players", "solution,nothing"]
    assert main(["tasks", "check", str(folder), *where, "--image", str(layout)]) == 0


def test_a_verifier_has_an_image_of_its_own(local_sandbox: str, own_layer: bytes, tmp_path: Path):
    folder = make_folder(tmp_path / "tasks" / "log-report", verifier='environment_mode = "separate"')
    (folder / "tests/Dockerfile").write_text("FROM python:3.13-slim\nRUN mkdir /app\nCOPY . /tests/\n")
    images = tmp_path / "images"
    make_image(images / "log-report", own_layer)
    made = Layout(images / "log-report.tests")
    made.finish(made.image([own_layer, layer([entry("app")])], workdir="/app"))
    where = ["--sandbox", local_sandbox, "--repeat", "1", "--players", "solution,nothing"]
    assert main(["tasks", "check", str(folder), *where, "--task-images", str(images)]) == 0


@pytest.mark.parametrize("given", [[], ["--task-images", "images"]])
def test_without_its_image_the_fix_is_named(
    given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images").mkdir()
    folder = make_folder(tmp_path / "log-report")
    assert main(["tasks", "check", str(folder), "--sandbox", "local", *given]) == 2
    error = capsys.readouterr().err
    assert f"docker build -t log-report {folder}/environment" in error
    assert "skopeo copy docker-daemon:log-report:latest oci:IMAGES/log-report:latest" in error
    assert "sandbox.task_images=IMAGES" in error
    assert "--task-images IMAGES" in error
