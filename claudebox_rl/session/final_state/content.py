"""What becomes of each changed path: a section of the diff, a blob, a part of an archive, or a line of the manifest."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from claudebox_rl.session.final_state.listing import Entry, Listing
from claudebox_rl.session.final_state.members import Member, pack_members
from claudebox_rl.trajectory.workspace.diff import diff
from claudebox_rl.trajectory.workspace.names import quoted
from claudebox_rl.workspace_types import FileKind, WorkspaceFile, WorkspaceState

TEXT_CAP_BYTES = 256 << 10
"""Of a file in the diff; what is larger becomes a blob."""
DIFF_CAP_CHARS = 4 << 20
"""Of all sections together, likewise."""
MANIFEST_CAP = 10_000
"""Lines of the manifest; what is beyond them is only counted."""
KIND_CAPS = {"left_out": 1_000, "deleted": 4_000}
"""Of these kinds, so that they leave room for what is stored."""
ARCHIVED = frozenset({b".git", b".hg", b".svn", b".venv", b"venv", b"node_modules", b".tox", b".nox"})
"""Folders of many small files that nobody reads as a diff: what changed in one becomes one tar."""


class State:
    """The state as it is put together.

    Args:
        before: What was in the workspace, by path.
        files: Folder of the task's own files on this host; None: it has none.
    """

    def __init__(self, before: Mapping[bytes, Entry], files: Path | None) -> None:
        self._before, self._files = before, files
        self._texts: dict[bytes, Path] | None = None
        self._manifest: list[WorkspaceFile] = []
        self._sections: list[tuple[bytes, str]] = []
        self._blobs: dict[str, bytes] = {}
        self._num_left_out = 0
        self._num_of: Counter[str] = Counter()
        self._diff_room = DIFF_CAP_CHARS

    def gone(self, paths: Iterable[bytes], now: Listing) -> None:
        """Note what is no longer there."""
        for path in sorted(paths):
            if now.is_cut or now.hides(path):
                self._num_left_out += 1
                continue
            self._add(path, "deleted")
            text = self._text_before(path)
            if text is not None:
                self._section(path, text, None, (self._before[path].mode, 0))
        self._num_left_out += now.is_cut

    def left_out(self, path: bytes, entry: Entry) -> None:
        """Note a path that is not stored."""
        self._num_left_out += 1
        self._add(path, "left_out", entry.mode, entry.size)

    def store(self, changed: Mapping[bytes, Entry], contents: Mapping[bytes, bytes]) -> WorkspaceState:
        """Take in what changed, and return the whole state.

        Args:
            changed: The paths to store.
            contents: Of those that are files; what is missing could not be read.
        """
        archives: dict[bytes, list[bytes]] = {}
        for path, entry in sorted(changed.items()):
            if (folder := archive_of(path)) is not None and (entry.kind != "f" or path in contents):
                archives.setdefault(folder, []).append(path)
            elif entry.kind == "d":
                self._add(path, "folder", entry.mode)
                self._num_left_out += entry.is_shut  # what is in it can't be read
            elif entry.kind == "l":
                target = entry.target
                self._add(path, "symlink", entry.mode, len(target), _sha256(target), quoted(target))
            elif path in contents:
                self._file(path, entry, contents[path])
            else:
                self.left_out(path, entry)
        for folder, paths in archives.items():
            self._blob(folder, "archive", 0o755, _pack({path: changed[path] for path in paths}, contents))
        self._manifest.sort(key=lambda file: file.path)
        sections = "".join(section for _, section in sorted(self._sections))
        return WorkspaceState(sections, tuple(self._manifest), self._num_left_out, self._blobs)

    def _file(self, path: bytes, entry: Entry, content: bytes) -> None:
        before, text = self._text_before(path), _text(content)
        is_known = before is not None or path not in self._before
        if text is not None and is_known:
            old_mode = self._before[path].mode if path in self._before else 0
            if before == text and old_mode == entry.mode:
                return  # written again as it was
            if self._section(path, before, text, (old_mode, entry.mode)):
                self._add(path, "text", entry.mode, len(content), _sha256(content))
                return
        self._blob(path, "blob", entry.mode, content)

    def _blob(self, path: bytes, kind: FileKind, mode: int, content: bytes) -> None:
        sha256 = _sha256(content)
        if self._add(path, kind, mode, len(content), sha256):
            self._blobs[sha256] = content

    def _section(self, path: bytes, before: str | None, after: str | None, modes: tuple[int, int]) -> bool:
        section = diff(quoted(path), before, after, modes)
        if len(section) > self._diff_room:
            return False
        self._diff_room -= len(section)
        self._sections.append((path, section))
        return True

    def _add(
        self,
        path: bytes,
        kind: FileKind,
        mode: int = 0,
        size: int = 0,
        sha256: str | None = None,
        target: str | None = None,
    ) -> bool:
        self._num_of[kind] += 1
        if len(self._manifest) >= MANIFEST_CAP or self._num_of[kind] > KIND_CAPS.get(kind, MANIFEST_CAP):
            self._num_left_out += kind != "left_out"
            return False
        self._manifest.append(WorkspaceFile(quoted(path), mode, size, sha256, kind, target))
        return True

    def _text_before(self, path: bytes) -> str | None:
        """Return the task's own text at a path; the path is looked up among the task's files, never opened."""
        if self._texts is None:
            self._texts = regular_files(self._files) if self._files is not None else {}
        entry, own = self._before.get(path), self._texts.get(path)
        if entry is None or own is None or entry.kind != "f" or entry.size != own.stat().st_size:
            return None
        return _text(own.read_bytes()) if entry.size <= TEXT_CAP_BYTES else None


def regular_files(folder: Path) -> dict[bytes, Path]:
    """Return the regular files below a folder of this host by their relative path."""
    return {bytes(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()}


def _text(content: bytes) -> str | None:
    """Return what a diff can hold; None for anything else."""
    if len(content) > TEXT_CAP_BYTES or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def archive_of(path: bytes) -> bytes | None:
    """Return the folder, the path or one above it, that is stored as an archive; None where none is."""
    parts = path.split(b"/")
    depth = next((i for i, part in enumerate(parts) if part in ARCHIVED), None)
    return None if depth is None else b"/".join(parts[: depth + 1])


def _pack(changed: Mapping[bytes, Entry], contents: Mapping[bytes, bytes]) -> bytes:
    """Return a tar of the paths; the same files give the same bytes."""
    return pack_members(Member(path, e.mode, contents.get(path), e.target) for path, e in changed.items())
