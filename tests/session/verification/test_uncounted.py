"""Which changes of an agent don't count."""

from __future__ import annotations

import pytest

from claudebox_rl.session.final_state.members import Member
from claudebox_rl.session.verification.uncounted import counted

OWN = {b"app.py", b"tests", b"tests/test_app.py", b"tests/data.json", b"tests/sub", b"tests/sub/x", b"test.sh"}


def file(path: bytes) -> Member:
    return Member(path, 0o644, b"x")


@pytest.mark.parametrize(
    "path",
    [
        b"conftest.py", b"deep/down/conftest.py", b"sitecustomize.py", b"usercustomize.py", b"pytest.ini", b"tox.ini",
        b"test_new.py", b"app_test.py", b"x/test_a b\n.py", b"main_test.go", b"a.test.ts", b"b.spec.mjs", b"c_spec.rb",
        b"tests/test_app.py", b"tests/data.json",
    ],
)  # fmt: skip
def test_tests_and_hooks_are_dropped(path: bytes) -> None:
    assert counted([], [file(b"app.py"), file(path)], OWN) == ([], [file(b"app.py")], [path])


@pytest.mark.parametrize(
    "path",
    [b"test.sh", b"tests/helper.py", b"testing.py", b"latest.py", b"pyproject.toml", b"setup.cfg", b"contest.py"],
)
def test_anything_else_counts(path: bytes) -> None:
    assert counted([], [file(path)], OWN) == ([], [file(path)], [])


def test_the_tasks_own_tests_come_back() -> None:
    gone = [b"app.py", b"tests", b"tests/data.json", b"tests/sub", b"tests/sub/x", b"tests/test_app.py"]
    kept, members, dropped = counted(gone, [], OWN)
    assert (kept, members) == ([b"app.py"], [])
    assert dropped == [b"tests", b"tests/data.json", b"tests/sub", b"tests/sub/x", b"tests/test_app.py"]


def test_a_link_in_the_place_of_the_tests_folder_does_not_take_them_away() -> None:
    link = Member(b"tests", 0o777, target=b"/workspace/mine")
    gone = [path for path in sorted(OWN) if path.startswith(b"tests/")]
    assert counted(gone, [link, file(b"mine/test_app.py"), file(b"mine/x")], OWN)[:2] == ([], [file(b"mine/x")])


def test_folders_are_let_be() -> None:
    folder = Member(b"test_it.py", 0o755)
    assert counted([], [folder], OWN) == ([], [folder], [])
