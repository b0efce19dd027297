"""The wheel, built through the sdist, holds exactly what it should, and works in a fresh environment."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # installs packages


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(out), str(ROOT)], check=True, capture_output=True)
    return out


def tracked(*folders: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", "--", *folders], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(listed.stdout.split("\n")) - {""}


def test_the_wheel_holds_exactly_the_package_and_its_data(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    data = {f"claudebox_rl/_data/{name}" for name in tracked("cheats", "configs", "envs", "images", "scaffold")}
    assert names == tracked("claudebox_rl") | data


def test_scripts_stay_executable_in_the_wheel(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    modes = {i.filename: i.external_attr >> 16 & 0o111 for i in zipfile.ZipFile(wheel).infolist()}
    for name in tracked("cheats", "envs", "images", "scaffold"):
        expected = (ROOT / name).stat().st_mode & 0o111
        assert bool(modes[f"claudebox_rl/_data/{name}"]) == bool(expected), name


def test_the_sdist_holds_no_more_than_it_should(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    expected = tracked(
        "claudebox_rl", "cheats", "configs", "envs", "images", "scaffold", "README.md", "CHANGELOG.md", "LICENSE"
    )
    assert names - {"PKG-INFO", "pyproject.toml", ".gitignore"} == expected


def test_the_wheel_works_in_a_fresh_environment(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    bin_folder = tmp_path / "venv" / "bin"
    subprocess.run([bin_folder / "pip", "install", "--quiet", str(wheel)], check=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def run(*argv: str) -> str:
        done = subprocess.run(
            [bin_folder / "claudebox-rl", *argv],
            cwd=elsewhere,
            check=True,
            capture_output=True,
            text=True,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        )
        return done.stdout

    assert "quickstart/" in run("tasks")
    assert "upstream: oracle" in run("rollout", "--config")
    played = run("rollout", "rollout.num_workers=0", "agent=oracle", "out=data", "sandbox=unsafe")
    assert "completed" in played
    assert (elsewhere / "data" / "episodes").is_dir()
