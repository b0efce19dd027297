"""The files of a repository at a commit, and what a patch makes of them. Needs git; runs nothing of the repository."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

from claudebox_rl.errors import TaskError, boundary

_TIMEOUT_S = 300
_QUIET = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*")


def take_snapshot(repos: Path, repo: str, commit: str, target: Path) -> None:
    """Put the files of a repository into a new folder, without its history.

    Args:
        repos: Where repositories lie.
        repo: Below it: a git repository (of which the commit is taken), a folder or a .tar, .tar.gz or .zip archive
            (which is taken to be that commit), or `owner/name`, also as `owner__name`.
        commit: Of a git repository.
        target: Made here.

    Raises:
        TaskError: There is no such repository or commit, it lies elsewhere, or it can't be read.
    """
    source = _find(repos, repo)
    with boundary(TaskError, f"can't take a snapshot of {source}"):
        if source.is_dir() and _is_git(source):
            archive = _git(["archive", "--format=tar", commit], source, f"{source} has no commit {commit}")
            packed = target.with_suffix(".tar")
            packed.write_bytes(archive)
            _unpack(packed, target)
            packed.unlink()
        elif source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            _unpack(source, target)


def apply_patch(folder: Path, patch: str, what: str) -> None:
    """Apply a patch in place.

    Raises:
        TaskError: It does not apply; the message says where.
    """
    if patch.strip():
        _git(["apply", "--whitespace=nowarn", "-"], folder, f"{what} does not apply", patch.encode())


def changes(before: Path, after: Path) -> tuple[list[str], list[str]]:
    """Return the paths that are new or other in `after`, and those that are gone; links count by their text."""
    old, new = _files(before), _files(after)
    changed = [name for name in new if name not in old or not _same(before / name, after / name)]
    return changed, [name for name in old if name not in new]


def _find(repos: Path, repo: str) -> Path:
    root = repos.resolve()
    for name in (repo, repo.replace("/", "__"), repo.rpartition("/")[2]):
        for suffix in ("", ".git", ".tar", ".tar.gz", ".tgz", ".zip"):
            found = (root / f"{name}{suffix}").resolve()
            if found.exists() and found != root:
                if not found.is_relative_to(root):
                    raise TaskError(f"repository {repo!r} lies outside of {root}", repo=repo)
                return found
    raise TaskError(
        f"no repository {repo!r} in {root}: put a git repository, a folder or an archive there (nothing is downloaded)",
        repo=repo,
    )


def _is_git(folder: Path) -> bool:
    return (folder / ".git").exists() or ((folder / "HEAD").is_file() and (folder / "objects").is_dir())


def _unpack(archive: Path, target: Path) -> None:
    """Unpack; nothing leaves the target. An archive with one folder at its top is that folder's content."""
    target.mkdir()
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(target)
    else:
        with tarfile.open(archive) as opened:
            opened.extractall(target, filter="data")
    entries = list(target.iterdir())
    if archive.suffix != ".tar" and len(entries) == 1 and entries[0].is_dir():
        inner = entries[0].rename(target.with_name(f"{target.name}.inner"))
        target.rmdir()
        inner.rename(target)


def _git(arguments: list[str], folder: Path, problem: str, given: bytes = b"") -> bytes:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    with boundary(TaskError, "git is needed on this host to take snapshots and apply patches"):
        command = ["git", *_QUIET, *arguments]
        ended = subprocess.run(
            command, cwd=folder, input=given, capture_output=True, timeout=_TIMEOUT_S, env=environment, check=False
        )
    if ended.returncode != 0:
        raise TaskError(f"{problem}: {ended.stderr.decode('utf-8', 'replace').strip()[-500:]}")
    return ended.stdout


def _files(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def _same(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    return filecmp.cmp(one, other, shallow=False)
