"""Runs the row's tests, as they are after its test patch, on a copy of the workspace.

The tests run in one process with the judged code, as they were written to. So they are run twice: once as they are, when
all have to pass, and once with other expectations, when those that were to be mended have to fail. Code that makes tests
pass whatever they expect (patched assertions, objects equal to everything, forged outcomes) is found out by the second.
"""

import ast
import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from judging import copy_of_workdir, drive, expect, judge, looking_at, run, scratch

ROW = json.loads((HERE / "row.json").read_text("utf-8"))
# Read before judged code starts: /tests is emptied then.
FILES = {path.relative_to(HERE / "files").as_posix(): path.read_bytes() for path in (HERE / "files").rglob("*") if path.is_file()}
SETTINGS = ("conftest.py", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml", "sitecustomize.py", "usercustomize.py")
RUNNERS = {
    "unittest": """
import unittest
def case(*names):
    outcomes = {}
    for name in names:
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromName(name).run(result)
        outcomes[name] = bool(result.testsRun and result.wasSuccessful() and not result.skipped)
    return outcomes
""",
    "pytest": """
import pytest
def case(*names):
    outcomes = {}
    class Outcomes:
        def pytest_runtest_logreport(self, report):
            if report.when == "call" or report.outcome != "passed":
                outcomes[report.nodeid] = report.outcome == "passed" and outcomes.get(report.nodeid, True)
    pytest.main([*names, "-q", "-p", "no:cacheprovider"], plugins=[Outcomes()])
    return outcomes
""",
}
CONTROL = """
class _Never(Exception): pass
def _other(a, b): return a == (b, 0) or (a, 0) == b
"""


class Otherwise(ast.NodeTransformer):
    """Has each test expect something else; right work then fails where it is looked at."""

    def visit_Compare(self, node):
        self.generic_visit(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
            return ast.Call(ast.Name("_other", ast.Load()), [node.left, node.comparators[0]], [])
        return node

    def visit_Assert(self, node):
        is_equality = isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], ast.Eq)
        self.generic_visit(node)
        if not is_equality:
            node.test = ast.UnaryOp(ast.Not(), node.test)
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in ("assertRaises", "raises", "assertRaisesRegex") and node.args:
            node.args[0] = ast.Name("_Never", ast.Load())
        elif name.startswith("assert") and "Equal" in name and "Not" not in name and len(node.args) >= 2:
            node.func.attr, equal = "assertTrue", ast.Name("_other", ast.Load())
            node.args = [ast.Call(equal, node.args[:2], [])]
        elif name in ("assertTrue", "assertFalse"):
            node.func.attr = "assertFalse" if name == "assertTrue" else "assertTrue"
        elif name in ("assertIn", "assertIs", "assertIsNone"):
            node.func.attr = name.replace("assertIs", "assertIsNot").replace("assertIn", "assertNotIn")
        return node


def otherwise(content: bytes) -> bytes:
    tree = ast.parse(content)
    place = sum(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    place += bool(ast.get_docstring(tree))
    tree = Otherwise().visit(tree)
    tree.body[place:place] = ast.parse(CONTROL).body
    return ast.unparse(ast.fix_missing_locations(tree)).encode()


def lay_out(folder: Path, *, control: bool) -> None:
    """Put the tests, and the settings of their runner, to where they were; what the agent made of them does not count."""
    for path in list(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.name in SETTINGS and name not in FILES and name not in ROW["solved"]:
            path.unlink()
    for name in ROW["removed"]:
        (folder / name).unlink(missing_ok=True)
    for name, content in FILES.items():
        place = folder
        for part in Path(name).parts:
            place = place / part
            if place.is_symlink():
                place.unlink()
        if place.is_dir():
            shutil.rmtree(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(otherwise(content) if control and name in ROW["test_files"] else content)


def outcomes(tests: list, *, control: bool = False) -> dict:
    with scratch() as folder:
        copy = copy_of_workdir(folder / "copy")
        with looking_at("the workspace"):
            lay_out(copy, control=control)
        code, seconds = RUNNERS[ROW["runner"]], ROW["timeout_s"]
        answer = drive(code, [tests], cwd=copy, timeout_s=seconds)[0].get("value")
    expect(isinstance(answer, dict), f"no outcomes: {str(answer)[:300]}")
    return answer


def mended() -> None:
    passed = outcomes(ROW["fail_to_pass"])
    expect(all(passed.get(name) is True for name in ROW["fail_to_pass"]), f"not all pass: {passed}"[:1500])
    controlled = outcomes(ROW["fail_to_pass"], control=True)
    expect(all(controlled.get(name) is False for name in ROW["controlled"]), f"they pass whatever they expect: {controlled}"[:1500])


def kept() -> None:
    passed = outcomes(ROW["pass_to_pass"])
    broken = [name for name in ROW["pass_to_pass"] if passed.get(name) is not True]
    expect(not broken, f"broken: {broken}"[:1500])


if ROW["runner"] == "pytest" and run(["python3", "-c", "import pytest"], cwd=Path("/")).exit_code != 0:
    raise SystemExit("the row's tests need pytest, which this machine's python3 has not: set environment.docker_image")
judge({"fail_to_pass": mended, **({"pass_to_pass": kept} if ROW["pass_to_pass"] else {})})
