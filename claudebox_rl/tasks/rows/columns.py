"""The columns of a Parquet file by SWE-bench's names, in the spellings that its relatives have.

Seen: SWE-bench, its Lite, Verified and Multimodal, SWE-Gym, SWE-bench-extra and SWE-rebench have all of `COLUMNS`,
with lists or JSON of lists. SWE-bench Pro has `fail_to_pass` and `pass_to_pass`. SWE-smith has neither `base_commit`
nor `test_patch`: its `patch` makes the bug, in a repository that is right, whose tests find it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import Any

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
"""As in SWE-bench (https://www.swebench.com/SWE-bench/guides/datasets/)."""
OF_FIXES = ("base_commit", "test_patch")
"""Columns that a file of bugs does not have."""
IMAGES = ("docker_image", "image_name")
"""Either names an image with what the repository needs."""


def read_values(path: Path, only: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Read rows; what is no column of `COLUMNS` or `IMAGES` is left out.

    Args:
        path: The Parquet file.
        only: Patterns of instance_id, as of a shell; none: all rows.

    Raises:
        TaskError: It can't be read or lacks a column, or nothing matches; says which, and the fix.
    """
    pq: Any = import_module("pyarrow.parquet")  # it has no types, and takes a while to import
    with boundary(TaskError, f"can't read {path} as Parquet"):
        with path.open("rb") as file:
            names: list[str] = pq.read_schema(file).names
        found = _columns(path, names)
        values: list[dict[str, Any]] = pq.ParquetFile(path).read(columns=list(found.values())).to_pylist()
    rows = [{name: row[column] for name, column in found.items()} for row in values]
    chosen = [row for row in rows if not only or any(fnmatchcase(str(row["instance_id"]), one) for one in only)]
    if only and not chosen:
        raise TaskError(f"{path}: no instance_id matches {', '.join(only)}; the first is {rows[0]['instance_id']!r}")
    return chosen


def _columns(path: Path, names: Sequence[str]) -> Mapping[str, str]:
    """Return the column of each name; SWE-bench's own spelling goes first."""
    by_name = {name.lower(): name for name in names} | {name: name for name in names}
    wanted = (*COLUMNS, *IMAGES)
    found = {name: column for name in wanted if (column := by_name.get(name) or by_name.get(name.lower()))}
    missing = [name for name in COLUMNS if name not in found]
    is_of_bugs = missing == list(OF_FIXES) and "image_name" in found
    if missing and not is_of_bugs:
        raise TaskError(
            f"{path} has no column {', '.join(missing)}; needed: {', '.join(COLUMNS)} (as in SWE-bench), or all but "
            f"{' and '.join(OF_FIXES)}, beside image_name (as in SWE-smith). It has: {', '.join(names)}. Rename "
            "what is called otherwise: pq.write_table(table.rename_columns({'old': 'new'}), 'renamed.parquet')",
            path=str(path),
        )
    return found
