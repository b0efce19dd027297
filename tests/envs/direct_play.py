"""Plays and judges a shipped task straight on this machine: what plays is ours, and a sandbox would add only time."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from claudebox_rl.tasks import Task


@dataclass(frozen=True)
class Played:
    """What became of a script in the folder of a task."""

    script: subprocess.CompletedProcess[str] | None
    workdir: Path
    reward: float
    output: str


def play(task: Task, folder: Path, script: str | None = None) -> Played:
    """Run a script on the task's files in an empty folder, and judge what lies there afterwards."""
    workdir = folder / "workspace"
    assert task.environment_files is not None
    shutil.copytree(task.environment_files, workdir)
    ran = None
    if script is not None:
        ran = _run(["bash", "-c", script], workdir, SOLUTION=str(task.solution_dir))
    judged = _run(["bash", str(task.tests_dir / "test.sh")], workdir, CLAUDEBOX_ROOT=str(folder))
    output = judged.stdout + judged.stderr
    return Played(ran, workdir, _reward(folder / "logs" / "verifier", output), output)


def run_visible_tests(workdir: Path) -> subprocess.CompletedProcess[str]:
    """Run the tests that the task shows to the agent."""
    return _run([sys.executable, "-B", "-m", "unittest", "--quiet"], workdir)


def parts_of(solution: str) -> list[str]:
    """Return the solution with each of its edits left out in turn, and without its last look at the visible tests."""
    head, *edits = re.split(r"^(?=edit\()", solution.partition("\nPYTHON\n")[0], flags=re.MULTILINE)
    leave_out = range(len(edits)) if len(edits) > 1 else ()
    return ["".join([head, *edits[:index], *edits[index + 1 :], "\nPYTHON\n"]) for index in leave_out]


def _run(argv: list[str], cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **env}
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)


def _reward(logs: Path, output: str) -> float:
    parts, total = logs / "reward.json", logs / "reward.txt"
    assert parts.exists() or total.exists(), f"no verdict: {output}"
    return json.loads(parts.read_text())["reward"] if parts.exists() else float(total.read_text())
