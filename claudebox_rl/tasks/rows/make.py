"""From rows to task folders."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from claudebox_rl._resources import data_dir
from claudebox_rl.errors import TaskError, boundary
from claudebox_rl.tasks.load import load_task
from claudebox_rl.tasks.rows.named import controlled, files_of
from claudebox_rl.tasks.rows.row import Row, read_rows
from claudebox_rl.tasks.rows.snapshot import apply_patch, changes, take_snapshot
from claudebox_rl.tasks.task import Task

_TESTS_TIMEOUT_S = 900
"""Of one run of a row's tests."""
_SETTINGS = frozenset({"conftest.py", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml"})
_NOT_GIVEN = ("Dockerfile", "docker-compose.yaml")
"""At the top of `environment/` these would say how its image is built."""
_CONFIG = """\
schema_version = "1.4"

[task]
name = "rows/{name}"
description = {description}

[metadata]
category = "repository"
base_commit = "{commit}"

[metadata.claudebox]
host_tools = ["bash", "python3"]

# With packages that the repository needs: an image that has them, as docker_image.
[environment]
{image}workdir = "/workspace"
network_mode = "no-network"

[agent]
timeout_sec = 1800.0

[verifier]
timeout_sec = {timeout_s}
"""
_INSTRUCTION = """\
{problem}

The repository is in the working directory. Change its code so that the above is solved; tests that you do not see will
judge it. Leave the tests that are there as they are.
"""


def import_rows(rows: Path, into: Path, *, repos: Path | None = None, only: Sequence[str] = ()) -> list[Task]:
    """Make a task folder of each row of a Parquet file; what is there already under a row's name stays, and is refused.

    A task's solution is the row's patch, and its verifier runs the row's tests as they are after its test patch.

    Args:
        rows: The Parquet file, see `claudebox_rl.tasks.rows.columns`.
        into: Folder of the task folders; made where it is missing.
        repos: Where the repositories lie; None: beside the Parquet file. Nothing is downloaded.
        only: Patterns of the rows' instance_id, as of a shell; none: all.

    Returns:
        The tasks, in the order of the rows.

    Raises:
        TaskError: The file or a row is malformed, a repository, its commit or git is missing, or a patch does not
            apply. The tasks of earlier rows stay.
    """
    found, repos = read_rows(rows, only), repos or rows.parent
    with boundary(TaskError, f"can't make {into}"):
        into.mkdir(parents=True, exist_ok=True)
    return [_import(row, into / row.instance_id, repos) for row in found]


def _import(row: Row, folder: Path, repos: Path) -> Task:
    if folder.exists():
        raise TaskError(f"{folder} is there already; remove it, or choose another folder", path=str(folder))
    what = row.instance_id
    with tempfile.TemporaryDirectory(prefix="claudebox-row-") as scratch, boundary(TaskError, f"can't import {what}"):
        base, solved, tested, made = (Path(scratch).resolve() / name for name in ("base", "solved", "tested", "made"))
        take_snapshot(repos, row.repo, row.base_commit, base)
        if row.is_bug:
            _take_bug(row, base, solved, tested)
        else:
            for copy, patch, name in ((solved, row.patch, "patch"), (tested, row.test_patch, "test_patch")):
                shutil.copytree(base, copy, symlinks=True)
                apply_patch(copy, patch, f"{what}: {name}")
        _write(made, row, base, solved, tested)
        shutil.move(made, folder)
    return load_task(folder)


def _take_bug(row: Row, base: Path, solved: Path, tested: Path) -> None:
    """Make the bug in `base`; the tests that find it are in `tested` alone, as SWE-smith hides them from the agent."""
    tests = files_of(row.fail_to_pass, base)
    if not tests:
        raise TaskError(f"{row.instance_id}: the repository has none of the tests of FAIL_TO_PASS")
    shutil.copytree(base, solved, symlinks=True)
    apply_patch(base, row.patch, f"{row.instance_id}: patch")
    shutil.copytree(base, tested, symlinks=True)
    for folder in (base, solved):
        for name in tests:
            (folder / name).unlink()


def _write(folder: Path, row: Row, base: Path, solved: Path, tested: Path) -> None:
    shutil.copytree(base, folder / "environment", symlinks=True)
    for name in _NOT_GIVEN:
        (folder / "environment" / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "environment" / ".git", ignore_errors=True)  # of a folder that is no whole repository
    timeout_s = 3.0 * _TESTS_TIMEOUT_S
    problem = row.problem_statement.strip()
    description = json.dumps(problem.splitlines()[0][:100], ensure_ascii=False)
    image = "" if row.image is None else f"docker_image = {json.dumps(row.image)}\n"
    config = _CONFIG.format(
        name=row.instance_id, description=description, commit=row.base_commit, image=image, timeout_s=timeout_s
    )
    (folder / "task.toml").write_text(config, "utf-8")
    (folder / "instruction.md").write_text(_INSTRUCTION.format(problem=problem), "utf-8")
    _write_solution(folder / "solution", row, base, solved)
    _write_tests(folder / "tests", row, base, solved, tested)


def _write_solution(folder: Path, row: Row, base: Path, solved: Path) -> None:
    changed, removed = changes(base, solved)
    if not changed and not removed:
        raise TaskError(f"{row.instance_id}: patch changes nothing")
    _copy(changed, solved, folder / "files")
    folder.mkdir(exist_ok=True)
    (folder / "removed.txt").write_text("".join(f"{name}\n" for name in removed), "utf-8")
    if not row.is_bug:
        (folder / "patch.diff").write_text(row.patch, "utf-8")
    shutil.copy(data_dir("scaffold") / "rows" / "solve.sh", folder / "solve.sh")


def _write_tests(folder: Path, row: Row, base: Path, solved: Path, tested: Path) -> None:
    changed, removed = changes(base, tested)
    test_files = files_of([*row.fail_to_pass, *row.pass_to_pass], tested)
    solution, gone = changes(base, solved)
    settings = [path.relative_to(tested).as_posix() for path in tested.rglob("*") if path.name in _SETTINGS]
    own = {*changed, *test_files, *(name for name in settings if name not in solution)}
    _copy(sorted(own), tested, folder / "files")
    spec = {
        "runner": row.runner,
        "fail_to_pass": row.fail_to_pass,
        "pass_to_pass": row.pass_to_pass,
        "controlled": controlled(row, tested),
        "test_files": test_files,
        "removed": removed,
        "solved": [*solution, *gone],
        "timeout_s": _TESTS_TIMEOUT_S,
    }
    (folder / "row.json").write_text(json.dumps(spec, indent=1), "utf-8")
    shutil.copy(data_dir("scaffold") / "rows" / "judge.py", folder / "judge.py")
    for name in ("judging.py", "test.sh"):
        shutil.copy(data_dir("envs") / "quickstart" / "fix-bug" / "tests" / name, folder / name)


def _copy(names: list[str], source: Path, target: Path) -> None:
    """Copy regular files; a link is no part of a patch that a task can carry.

    Raises:
        TaskError: One is a link.
    """
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (source / name).is_symlink():
            raise TaskError(f"{name} is a link, which a patch of a task can't make")
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, place)
