"""Diffs: what is made of two texts gives the second of the first, here and with git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudebox_rl.trajectory.workspace.diff import apply, apply_all, diff, sections
from claudebox_rl.trajectory.workspace.names import quoted, unquoted

TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "\r", "@@ -1 +1 @@\n", "diff --git a/x b/x\n", "\\ No\n", "\n"])).map(
    "".join
)
NAMES = st.binary(min_size=1, max_size=12).filter(lambda name: not {0, 47} & set(name))


@given(before=TEXTS, after=TEXTS)
def test_apply_undoes_diff(before: str, after: str) -> None:
    (hunks,) = sections(diff("x", before, after, (0o644, 0o644))).values()
    assert apply(hunks, before) == after


@given(files=st.dictionaries(NAMES.map(quoted), st.tuples(TEXTS, TEXTS), max_size=4))
def test_several_files_keep_apart(files: dict[str, tuple[str, str]]) -> None:
    whole = "".join(diff(name, *texts, (0o644, 0o755)) for name, texts in files.items())
    assert apply_all(whole, {name: texts[0] for name, texts in files.items()}) == {n: t[1] for n, t in files.items()}


@given(name=NAMES)
def test_names_come_back(name: bytes) -> None:
    assert unquoted(quoted(name)) == name
    assert "\n" not in quoted(name)


@settings(max_examples=20, deadline=None)
@given(before=st.none() | TEXTS, after=TEXTS, name=NAMES.filter(lambda name: name not in (b".", b"..", b".git")))
def test_git_agrees(before: str | None, after: str, name: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("git")
    path = Path(str(folder), name.decode("utf-8", "surrogateescape"))
    if before is not None:
        path.write_text(before, newline="")
    patch = diff(quoted(name), before, after, (0o644, 0o644))
    if "@@" not in patch.split("\n")[-1] and before == after:
        return
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"], input=patch.encode(), cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, (patch, done.stderr)
    assert path.read_bytes().decode() == after


def test_a_text_without_end_of_similar_lines_takes_no_time() -> None:
    before, after = "a\n" * 30_000, "b\na\n" * 30_000
    (hunks,) = sections(diff("x", before, after, (0o644, 0o644))).values()
    assert apply(hunks, before) == after


@pytest.mark.parametrize(
    "hunks", ["@@ -1 +1 @@\n-z\n+b\n", "@@ -9 +9 @@\n-a\n+b\n", "@@ -1,2 +1 @@\n-a\n", "nonsense\n"]
)
def test_what_does_not_fit_is_refused(hunks: str) -> None:
    with pytest.raises(ValueError, match=r"text|hunk"):
        apply(hunks, "a\n")


@pytest.mark.parametrize("name", ['"', '"a', '"a\\"', '"\\x"', '"a"b"'])
def test_damaged_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="quoted"):
        unquoted(name)
