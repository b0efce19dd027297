"""Where the named tests of a row stand, and which of them can be held against other expectations."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from claudebox_rl.tasks.rows.row import Row

_CONTROLLED = ("Equal", "True", "False", "In", "Is", "IsNone", "Raises", "RaisesRegex", "raises")
"""Ends of the names of assertions that the judge can turn into others."""


def files_of(tests: Iterable[str], folder: Path) -> list[str]:
    """Return the files in which the tests stand, below `folder`; those that are not found are left out."""
    found = (_file_of(test, folder) for test in tests)
    return sorted({name for name in found if name})


def controlled(row: Row, folder: Path) -> list[str]:
    """Return the tests to be mended that look at something by an assertion, and so have to fail for another one."""
    return [test for test in row.fail_to_pass if _looks(test, folder)]


def _file_of(test: str, folder: Path) -> str | None:
    if "::" in test:
        name = test.partition("::")[0]
        return name if (folder / name).is_file() else None
    parts = test.split(".")
    names = ["/".join(parts[:length]) + ".py" for length in range(len(parts), 0, -1)]
    return next((name for name in names if (folder / name).is_file()), None)


def _looks(test: str, folder: Path) -> bool:
    name = _file_of(test, folder)
    wanted = test.partition("[")[0].replace("::", ".").rpartition(".")[2]
    if name is None:
        return False
    try:
        tree = ast.parse((folder / name).read_bytes())
    except SyntaxError:
        return False
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == wanted]
    return any(_is_assertion(node) for function in functions for node in ast.walk(function))


def _is_assertion(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return True
    name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
    return name == "raises" or (name.startswith("assert") and name.removeprefix("assert") in _CONTROLLED)
