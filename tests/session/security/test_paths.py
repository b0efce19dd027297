"""Paths as the agent's tools name them."""

from __future__ import annotations

import pytest

from claudebox_rl import SecurityPolicy
from claudebox_rl.session.security.paths import PathRules, absolute, fixed_part

WORK = ("/workspace",)


def broken(policy: SecurityPolicy, path: str, *, writes: bool = False, below: bool = False) -> bool:
    return PathRules.of(policy, WORK, ("/opt/skills",)).broken_by(path, writes=writes, below=below) is not None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a", "/workspace/a"),
        ("../etc/passwd", "/etc/passwd"),
        ("/workspace/../../etc", "/etc"),
        ("//etc//passwd", "/etc/passwd"),
        ("~/x", "/home/agent/x"),
        ("~", "/home/agent"),
        ("./a/./b/..", "/workspace/a"),
    ],
)
def test_one_form(path: str, expected: str) -> None:
    assert absolute(path, "/workspace") == expected


def test_workspace_only() -> None:
    policy = SecurityPolicy(
        file_system="workspace_only", allowed_paths=("/data",), blocked_paths=("/workspace/secret",)
    )
    for path in ("/workspace", "/workspace/a", "/data/x"):
        assert not broken(policy, path)
        assert not broken(policy, path, writes=True)
    for path in ("/workspaces", "/etc/passwd", "/workspace/secret", "/workspace/secret/x", "/database"):
        assert broken(policy, path), path
    assert not broken(policy, "/workspace/secrets")
    assert not broken(policy, "/opt/skills/s/SKILL.md")
    assert broken(policy, "/opt/skills/s/SKILL.md", writes=True)


def test_readonly_and_allowed_paths() -> None:
    readonly = SecurityPolicy(file_system="readonly")
    assert not broken(readonly, "/etc/passwd")
    assert broken(readonly, "/workspace/a", writes=True)
    narrow = SecurityPolicy(allowed_paths=("/workspace/src/",))
    assert not broken(narrow, "/workspace/src/a", writes=True)
    assert broken(narrow, "/workspace/a")
    assert PathRules.of(readonly, WORK, ()).are_free(writes=False)
    assert not PathRules.of(readonly, WORK, ()).are_free(writes=True)
    assert PathRules.of(SecurityPolicy(), WORK, ()).are_free(writes=True)


def test_a_search_from_above_a_blocked_path_would_see_it() -> None:
    policy = SecurityPolicy(blocked_paths=("/workspace/secret",))
    assert broken(policy, "/workspace", below=True)
    assert not broken(policy, "/workspace")
    assert not broken(policy, "/workspace/src", below=True)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.py", ""),
        ("src/*.py", "src"),
        ("/etc/*", "/etc"),
        ("/*", "/"),
        ("/etc/passwd", "/etc/passwd"),
        ("*/../../etc/*", None),
        ("../**", ".."),
        ("{/etc,/usr}/*", None),
        ("{.,x}{.,x}/*", None),
        ("{a,b}/*.py", ""),
    ],
)
def test_where_a_pattern_begins(pattern: str, expected: str | None) -> None:
    assert fixed_part(pattern) == expected
