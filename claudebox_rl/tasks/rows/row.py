"""Rows of a local Parquet file, checked one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NoReturn, cast

from claudebox_rl.errors import TaskError, boundary

COLUMNS = (
    "instance_id",
    "repo",
    "base_commit",
    "problem_statement",
    "patch",
    "test_patch",
    "FAIL_TO_PASS",
    "PASS_TO_PASS",
)
"""As in SWE-bench (https://www.swebench.com/SWE-bench/guides/datasets/); others are ignored."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_UNITTEST = re.compile(r"(\w+) \(([\w.]+)\)")

Runner = Literal["pytest", "unittest"]


@dataclass(frozen=True, slots=True)
class Row:
    """One problem of a repository."""

    instance_id: str
    repo: str
    """Folder, archive or git repository below the folder of repositories."""
    base_commit: str
    problem_statement: str
    patch: str
    test_patch: str
    fail_to_pass: tuple[str, ...]
    """As their runner names them: `tests/test_x.py::test_a`, or `tests.test_x.Case.test_a`."""
    pass_to_pass: tuple[str, ...]
    runner: Runner


def read_rows(path: Path) -> list[Row]:
    """Read a Parquet file.

    Raises:
        TaskError: It can't be read, lacks a column, or a row of it is no problem; the message says which and why.
    """
    pq: Any = import_module("pyarrow.parquet")  # it has no types, and takes a while to import
    with boundary(TaskError, f"can't read {path} as Parquet"):
        with path.open("rb") as file:
            names: list[str] = pq.read_schema(file).names
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            raise TaskError(f"{path} has no column {', '.join(missing)}; needed: {', '.join(COLUMNS)}", path=str(path))
        values: list[dict[str, Any]] = pq.ParquetFile(path).read(columns=list(COLUMNS)).to_pylist()
    rows = [_row(value, f"{path}, row {number}") for number, value in enumerate(values)]
    ids = [row.instance_id for row in rows]
    if double := next((one for one in ids if ids.count(one) > 1), None):
        raise TaskError(f"{path}: several rows are called {double!r}", path=str(path))
    return rows


def _row(values: Mapping[str, Any], where: str) -> Row:
    for name in COLUMNS[:-2]:
        if not isinstance(values[name], str) or not (values[name].strip() or name == "test_patch"):
            _refuse(where, f"{name} must be text, not {str(values[name])[:80]!r}")
    if not _ID.fullmatch(values["instance_id"]):
        _refuse(where, f"instance_id {values['instance_id']!r} can't be a folder's name")
    if not _COMMIT.fullmatch(values["base_commit"]):
        _refuse(where, f"base_commit {values['base_commit']!r} is no commit's hexadecimal name")
    mended, kept = (_tests(values[name], f"{where}: {name}") for name in COLUMNS[-2:])
    if not mended:
        _refuse(where, "FAIL_TO_PASS names no test: nothing would tell right work from none")
    runner = _runner([*mended, *kept], where)
    mended, kept = ([_name(test, runner) for test in tests] for tests in (mended, kept))
    return Row(
        instance_id=values["instance_id"],
        repo=values["repo"],
        base_commit=values["base_commit"],
        problem_statement=values["problem_statement"],
        patch=values["patch"],
        test_patch=values["test_patch"],
        fail_to_pass=tuple(mended),
        pass_to_pass=tuple(kept),
        runner=runner,
    )


def _tests(value: Any, where: str) -> list[str]:
    """A list of texts, or JSON of one, as SWE-bench has it."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            _refuse(where, f"is no JSON: {value[:80]!r}")
    tests = cast("list[Any]", value if isinstance(value, list) else [None])
    if not all(isinstance(test, str) and test.strip() and not test.startswith("-") for test in tests):
        _refuse(where, "must be a list of tests' names")
    return tests


def _runner(tests: Sequence[str], where: str) -> Runner:
    kinds: set[Runner] = {"pytest" if "::" in test else "unittest" for test in tests}
    if len(kinds) > 1:
        _refuse(where, "names tests of pytest (a.py::test) beside tests of unittest (package.module.Case.test)")
    return kinds.pop()


def _name(test: str, runner: Runner) -> str:
    """Return the name that the runner takes: unittest prints `test_a (package.module.Case)`."""
    printed = _UNITTEST.fullmatch(test) if runner == "unittest" else None
    if printed is None:
        return test
    method, place = printed.groups()
    return place if place.endswith(f".{method}") else f"{place}.{method}"


def _refuse(where: str, problem: str) -> NoReturn:
    raise TaskError(f"{where}: {problem}")
