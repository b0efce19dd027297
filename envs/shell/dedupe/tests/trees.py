"""Plant folders of files, and tell what stands in one afterwards. The same file in each task that uses it."""

import os
import stat
from pathlib import Path

from judging import WORKDIR, content, expect, looking_at, run

NAMES = ["plain.txt", "two words", "-n", "a*b", "line\nbreak", "it's", '"both"', "$HOME", "back\\slash", " first", "end ", "#x"]
"""Names of files that a careless script breaks on."""


def file(text: str = "", mode: int = 0o644) -> tuple:
    """A regular file."""
    return "file", mode, text


def folder(mode: int = 0o755) -> tuple:
    """A folder; those that hold something need no entry of their own."""
    return "folder", mode, ""


def link(target: str) -> tuple:
    """A symbolic link."""
    return "link", 0o777, target


def plant(root: Path, tree: dict) -> Path:
    """Make what the tree names by its paths below root, and return root."""
    os.umask(0o022)
    root.mkdir(parents=True, exist_ok=True)
    for name, (kind, _, text) in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "folder":
            path.mkdir(exist_ok=True)
        elif kind == "link":
            path.symlink_to(text)
        else:
            path.write_text(text)
    for name in sorted(tree, reverse=True):
        if tree[name][0] != "link":
            (root / name).chmod(tree[name][1])
    return root


def grown(root: Path) -> dict:
    """Return the tree below root: all files, links and folders.

    Raises:
        Wrong: It can't be read.
    """
    found: dict = {}
    with looking_at("the folder"):
        for path in sorted(root.rglob("*")):
            status = path.lstat()
            mode = stat.S_IMODE(status.st_mode)
            if stat.S_ISLNK(status.st_mode):
                entry = link(os.readlink(path))
            elif stat.S_ISDIR(status.st_mode):
                entry = folder(mode)
            elif stat.S_ISREG(status.st_mode) and status.st_size < 1 << 20:
                entry = file(path.read_bytes().decode(errors="surrogateescape"), mode)
            else:
                entry = ("other", mode, "")
            found[path.relative_to(root).as_posix()] = entry
    return found


def whole(tree: dict) -> dict:
    """Return a tree with the folders that its paths go through."""
    parents = {parent.as_posix() for name in tree for parent in Path(name).parents} - {"."}
    return {**{name: folder() for name in parents}, **tree}


def expect_tree(case: str, found: dict, wanted: dict) -> None:
    """Expect that two trees are the same.

    Raises:
        Wrong: They differ; the message names the first path where they do.
    """
    for name in sorted(found.keys() | wanted.keys()):
        right = found.get(name) == wanted.get(name)
        expect(right, f"{case}: {name!r}: wanted {_shown(wanted.get(name))}, got {_shown(found.get(name))}")


def _shown(entry: tuple | None) -> str:
    return f"{entry[0]} {entry[1]:04o} {entry[2][:80]!r}" if entry else "nothing"


def script(name: str, *arguments: object, cwd: Path, stdin: str = "", timeout_s: float = 10.0):
    """Run a script of the workspace with Bash, and return how it ended."""
    content(name)
    return run(["bash", str(WORKDIR / name), *map(str, arguments)], cwd=cwd, stdin=stdin, timeout_s=timeout_s)


def expect_end(case: str, ended, exit_code: int, stdout: str | None = "") -> None:
    """Expect an exit code, what was printed, and a message on standard error exactly if it is not 0.

    Raises:
        Wrong: It ended in another way.
    """
    expect(ended.exit_code == exit_code, f"{case}: wanted exit code {exit_code}, got {ended}")
    expect(stdout is None or ended.stdout == stdout, f"{case}: wanted {stdout!r} on standard output, got {ended}")
    expect(bool(ended.stderr.strip()) == (exit_code != 0), f"{case}: standard error: {ended}")
