"""No way out of the local sandbox: each probe of `escape_probes.py` is a case, by root and by an ordinary user."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from ordinary_user import ORDINARY_UID, interpreter_for_all

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
PROBES = re.findall(r"@probe\ndef (\w+)", (HERE / "escape_probes.py").read_text())
pytestmark = pytest.mark.usefixtures("local_sandbox")


@functools.cache
def answers(who: str) -> dict[str, Any]:
    interpreter, uid = sys.executable, os.geteuid()
    if who == "ordinary user" and uid == 0:
        interpreter, uid = interpreter_for_all(), ORDINARY_UID
    folder = Path(tempfile.mkdtemp(prefix="claudebox-escape-"))
    os.chown(folder, uid, uid)
    try:
        done = subprocess.run(
            [interpreter, HERE / "escape_driver.py", folder],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *(path for path in sys.path if "-packages" in path)]),
                "CLAUDEBOX_HOME": str(folder / "home"),
                "HOME": str(folder),
                "HOST_SECRET": "not-for-the-sandbox-8d1f",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            user=uid,
            group=uid,
            extra_groups=[] if os.geteuid() == 0 else None,
        )
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


WHO = ["root", "ordinary user"] if os.geteuid() == 0 else ["ordinary user"]


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("probe", PROBES)
def test_probe_is_stopped(probe: str, who: str) -> None:
    assert answers(who)["probes"][probe] is None


def test_probes_were_found() -> None:
    assert len(PROBES) > 40


@pytest.mark.parametrize("who", WHO)
def test_the_supervisor_outlives_the_probes(who: str) -> None:
    assert answers(who)["outside"]["serves"]


@pytest.mark.parametrize("who", WHO)
def test_sandbox_code_is_never_root_on_the_host(who: str) -> None:
    outside = answers(who)["outside"]
    assert outside["owner_uid"] != 0
    if who == "root":
        assert outside["owner_uid"] == outside["inside_uid"] >= 1000
    else:
        assert outside["owner_uid"] == outside["launcher_uid"]
