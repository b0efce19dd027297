"""Rows of a local Parquet file, checked one by one."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn, cast

from claudebox_rl.errors import TaskError
from claudebox_rl.tasks.rows.columns import COLUMNS, IMAGES, OF_FIXES, read_values

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_UNITTEST = re.compile(r"(\w+) \(([\w.]+)\)")
_DOTTED = re.compile(r"\w+(\.\w+)+")
_SKIP = "; leave the row out by --only"

Runner = Literal["pytest", "unittest"]


@dataclass(frozen=True, slots=True)
class Row:
    """One problem of a repository."""

    instance_id: str
    repo: str
    """Folder, archive or git repository below the folder of repositories."""
    base_commit: str
    """`HEAD` where the row names none."""
    problem_statement: str
    patch: str
    test_patch: str
    fail_to_pass: tuple[str, ...]
    """As their runner names them: `tests/test_x.py::test_a`, or `tests.test_x.Case.test_a`."""
    pass_to_pass: tuple[str, ...]
    runner: Runner
    is_bug: bool = False
    """`patch` makes the bug in a repository that is right, as in SWE-smith; else it mends one."""
    image: str | None = None
    """With what the repository needs, where the row names one."""


def read_rows(path: Path, only: Sequence[str] = ()) -> list[Row]:
    """Read a Parquet file.

    Args:
        path: The file.
        only: Patterns of instance_id, as of a shell; none: all rows.

    Raises:
        TaskError: It can't be read, lacks a column, or a row of it is no problem; the message says which and why.
    """
    values = read_values(path, only)
    rows = [_row(value, f"{path}, row {number}") for number, value in enumerate(values)]
    ids = [row.instance_id for row in rows]
    if double := next((one for one in ids if ids.count(one) > 1), None):
        raise TaskError(f"{path}: several rows are called {double!r}", path=str(path))
    return rows


def _row(values: Mapping[str, Any], where: str) -> Row:
    is_bug = OF_FIXES[0] not in values
    values = {**dict.fromkeys(OF_FIXES, ""), **values}
    for name in COLUMNS[:-2]:
        if is_bug and name in OF_FIXES:
            continue
        if not isinstance(values[name], str) or not (values[name].strip() or name == "test_patch"):
            _refuse(where, f"{name} must be text, not {str(values[name])[:80]!r}{_SKIP}")
    if not _ID.fullmatch(values["instance_id"]):
        _refuse(where, f"instance_id {values['instance_id']!r} can't be a folder's name")
    if not is_bug and not _COMMIT.fullmatch(values["base_commit"]):
        _refuse(where, f"base_commit {values['base_commit']!r} is no commit's hexadecimal name")
    mended, kept = (_tests(values[name], f"{where}: {name}") for name in COLUMNS[-2:])
    if not mended:
        _refuse(where, f"FAIL_TO_PASS names no test: nothing would tell right work from none{_SKIP}")
    runner = _runner([*mended, *kept], where)
    mended, kept = ([_name(test, runner) for test in tests] for tests in (mended, kept))
    return Row(
        instance_id=values["instance_id"],
        repo=values["repo"],
        base_commit=values["base_commit"] or "HEAD",
        problem_statement=values["problem_statement"],
        patch=values["patch"],
        test_patch=values["test_patch"],
        fail_to_pass=tuple(mended),
        pass_to_pass=tuple(kept),
        runner=runner,
        is_bug=is_bug,
        image=next((image for name in IMAGES if isinstance(image := values.get(name), str) and image.strip()), None),
    )


def _tests(value: Any, where: str) -> list[str]:
    """A list of texts, JSON of one, as SWE-bench has it, or Python's spelling of one, as SWE-bench Pro does."""
    if isinstance(value, str):
        value = _parsed(value, where)
    tests = cast("list[Any]", value if isinstance(value, list) else [None])
    if not all(isinstance(test, str) and test.strip() and not test.startswith("-") for test in tests):
        _refuse(where, "must be a list of tests' names")
    return tests


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        _refuse(where, f"is no JSON: {text[:80]!r}; write a list of tests' names, or JSON of one")


def _runner(tests: Sequence[str], where: str) -> Runner:
    kinds: set[Runner] = {"pytest" if "::" in test else "unittest" for test in tests}
    if len(kinds) > 1:
        _refuse(where, f"names tests of pytest (a.py::test) beside tests of unittest (package.module.Case.test){_SKIP}")
    (runner,) = kinds
    if runner == "unittest" and (
        odd := next((each for each in tests if not (_UNITTEST.fullmatch(each) or _DOTTED.fullmatch(each))), None)
    ):
        _refuse(where, f"{odd[:80]!r} says not where its test stands (a.py::test, or package.module.Case.test){_SKIP}")
    return runner


def _name(test: str, runner: Runner) -> str:
    """Return the name that the runner takes: unittest prints `test_a (package.module.Case)`."""
    printed = _UNITTEST.fullmatch(test) if runner == "unittest" else None
    if printed is None:
        return test
    method, place = printed.groups()
    return place if place.endswith(f".{method}") else f"{place}.{method}"


def _refuse(where: str, problem: str) -> NoReturn:
    raise TaskError(f"{where}: {problem}")
