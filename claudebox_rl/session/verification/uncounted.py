"""Which of the agent's changes don't count: to tests, and to what steers the programs that run tests.

An agent that may change what judges it has an easier way than to do its work. So, unless a task says that tests are
part of the work (`agent_tests`), the task's own tests are judged with, and hooks that Python or pytest load by their
mere name are as the task has them. Names reach no further: code that a test imports runs in the process of the test.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from claudebox_rl.session.final_state.members import Member

_HOOKS = frozenset({b"conftest.py", b"pytest.ini", b".pytest.ini", b"pytest.toml", b".pytest.toml", b"tox.ini"})
_START_UP = re.compile(rb"(?:site|user)customize(?:\..*)?", re.DOTALL)
"""Python imports it before anything else: as a module, a package, bytecode or a library."""
_TEST = re.compile(
    rb"test_.*\.py|.*_test\.py|.*_test\.go|.*_(?:test|spec)\.rb|.*\.(?:test|spec)\.[cm]?[jt]sx?", re.DOTALL
)
_TEST_FOLDERS = frozenset({b"tests", b"test", b"__tests__"})


def counted(
    gone: Iterable[bytes], members: Sequence[Member], own: Collection[bytes]
) -> tuple[list[bytes], list[Member], list[bytes]]:
    """Return what of a final state counts, and which paths don't.

    Args:
        gone: Paths of the task that are no longer there.
        members: What is new or changed.
        own: All paths that the task has.
    """
    gone = list(gone)
    dropped = {path for path in (*gone, *(each.path for each in members if not each.is_folder)) if _steers(path, own)}
    # What stands in for a folder of the task's own tests would take them away with it, and a shut one would hide them.
    above = {folder for path in dropped if path in own for folder in _above(path)}
    dropped |= above & {*gone, *(each.path for each in members if not each.is_folder or each.mode & 0o500 != 0o500)}
    return (
        [path for path in gone if path not in dropped],
        [each for each in members if each.path not in dropped],
        sorted(dropped),
    )


def _steers(path: bytes, own: Collection[bytes]) -> bool:
    *folders, name = path.split(b"/")
    if name in _HOOKS or _TEST.fullmatch(name) or any(map(_START_UP.fullmatch, (*folders, name))):
        return True
    return path in own and not _TEST_FOLDERS.isdisjoint(folders)


def _above(path: bytes) -> Iterable[bytes]:
    while path := path.rpartition(b"/")[0]:
        yield path
