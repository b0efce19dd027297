"""Running tests of this folder once more, as somebody who is not root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).parents[2]
ORDINARY_UID = 12345


def run_tests(file: str, *options: str) -> None:
    """Run the tests of a file as an ordinary user; fail where they fail."""
    folder = Path(tempfile.mkdtemp(prefix="claudebox-ordinary-"))
    os.chown(folder, ORDINARY_UID, ORDINARY_UID)
    try:
        done = subprocess.run(
            [
                interpreter_for_all(),
                "-m",
                "pytest",
                "-q",
                "-n",
                "0",
                "-p",
                "no:cacheprovider",
                "--basetemp",
                folder / "tmp",
                *options,
                file,
            ],
            cwd=_REPOSITORY,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join([str(_REPOSITORY), *(path for path in sys.path if "-packages" in path)]),
                "PYTHONDONTWRITEBYTECODE": "1",
                "TMPDIR": str(folder),
                "HOME": str(folder),
            },
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
            user=ORDINARY_UID,
            group=ORDINARY_UID,
            extra_groups=[],
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def interpreter_for_all() -> str:
    """An interpreter of our version that an ordinary user may run; ours is often in root's own folder."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        if Path(candidate).exists():
            return candidate
    pytest.skip(f"no {version} in /usr for an ordinary user to run")
