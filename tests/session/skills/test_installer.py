"""The program that fills a layer, on its own: wrappers, and what it says when it can't go on."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(str(files("claudebox_rl.session.skills") / "_installer.py"))


@pytest.fixture
def installer() -> Any:
    spec = importlib.util.spec_from_file_location("installer", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program(path: Path, text: str = "echo $LD_LIBRARY_PATH") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_programs_find_the_libraries_beside_them(installer: Any, tmp_path: Path) -> None:
    layer = installer.Layer(tmp_path)
    program(tmp_path / "system/usr/bin/count")
    (tmp_path / "system/usr/lib/x86_64-linux-gnu/private").mkdir(parents=True)
    (tmp_path / "system/usr/lib/x86_64-linux-gnu/private/libz.so.1").touch()
    layer.show_programs()
    said = subprocess.run([tmp_path / "bin/count"], capture_output=True, text=True, check=True).stdout
    triplet = f"{tmp_path}/system/usr/lib/x86_64-linux-gnu"
    assert said.split(":")[:3] == [triplet, f"{tmp_path}/system/usr/lib", f"{triplet}/private"]


def test_links_stay_in_the_layer(installer: Any, tmp_path: Path) -> None:
    layer = installer.Layer(tmp_path)
    program(tmp_path / "system/etc/alternatives/count-1", "echo mine")
    for name, to in {"count": "/etc/alternatives/count-1", "passwd": "/etc/passwd", "loop": "loop"}.items():
        (tmp_path / "system/usr/bin").mkdir(parents=True, exist_ok=True)
        (tmp_path / "system/usr/bin" / name).symlink_to(to)
    layer.show_programs()
    assert [path.name for path in (tmp_path / "bin").iterdir()] == ["count"]
    assert subprocess.run([tmp_path / "bin/count"], capture_output=True, check=True).stdout == b"mine\n"


def test_what_an_install_cmd_made_is_kept(installer: Any, tmp_path: Path) -> None:
    program(tmp_path / "system/usr/bin/count", "echo package")
    program(tmp_path / "bin/count", "echo own")
    installer.Layer(tmp_path).show_programs()
    assert subprocess.run([tmp_path / "bin/count"], capture_output=True, check=True).stdout == b"own\n"


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ({"system_packages": ["jq"]}, "system_packages need apt-get, which this machine's root does not have"),
        ({"requirements": ["six"]}, "requirements need pip, which neither this machine's root nor the host's Python"),
    ],
    ids=["no apt", "no pip"],
)
def test_a_root_that_lacks_the_means(tmp_path: Path, job: dict[str, Any], words: str) -> None:
    base = {"layer": str(tmp_path / "layer"), "requirements": [], "system_packages": [], "install_cmd": None}
    base |= {"apt": {"etc": None, "dpkg": None}, "pip_wheels": None}
    (tmp_path / "layer").mkdir()
    (tmp_path / "work").mkdir()
    # A Python that has no modules but its own, as one without pip.
    bare = tmp_path / "bare.py"
    bare.write_text(
        f"import runpy, subprocess, sys\nsys.argv = ['x', {str(tmp_path / 'work')!r}]\n"
        "subprocess.run = lambda *a, **k: subprocess.CompletedProcess(a, 1)\n"
        f"runpy.run_path({str(PROGRAM)!r}, run_name='__main__')\n"
    )
    env = {"PATH": str(tmp_path / "nothing")}
    done = subprocess.run(
        [sys.executable, "-I", bare], input=json.dumps(base | job), capture_output=True, text=True, check=False, env=env
    )
    assert (done.returncode, words in done.stderr) == (1, True), done.stderr
