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
        b"tests/test_app.py", b"tests/data.json", b"pytest.toml", b"sitecustomize/__init__.py", b"a/usercustomize.pyc",
        b"sitecustomize.cpython-311-x86_64-linux-gnu.so",
    ],
)  # fmt: skip
def test_tests_and_hooks_are_dropped(path: bytes) -> None:
    assert counted([], [file(b"app.py"), file(path)], OWN) == ([], [file(b"app.py")], [path])


@pytest.mark.parametrize(
    "path",
    [
        b"test.sh",
        b"tests/helper.py",
        b"testing.py",
        b"latest.py",
        b"pyproject.toml",
        b"setup.cfg",
        b"contest.py",
        b"sitecustomized.py",
    ],
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


@pytest.mark.parametrize(("folder", "mode", "is_dropped"), [
    (b"tests", 0o000, True), (b"tests/sub", 0o300, True), (b"tests", 0o700, False), (b"other", 0o000, False),
])  # fmt: skip
def test_a_shut_folder_does_not_hide_the_tasks_tests(folder: bytes, mode: int, is_dropped: bool) -> None:
    gone = [path for path in sorted(OWN) if path.startswith(b"tests/")]
    assert (folder in counted(gone, [Member(folder, mode)], OWN)[2]) == is_dropped


def test_folders_are_let_be() -> None:
    folder = Member(b"test_it.py", 0o755)
    assert counted([], [folder], OWN) == ([], [folder], [])
