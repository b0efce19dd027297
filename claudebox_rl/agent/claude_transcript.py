"""The CLI's own record of a conversation, on the host, between two openings of a session: looked at, and mended.

It is `projects/<folder>/<id>.jsonl` below the CLI's state folder (2.1.330). Whatever is there was written inside a
sandbox: no link is followed, only regular files are opened, and nothing is believed but that a line is JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import uuid
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, cast

from claudebox_rl.agent.recap import mark_of
from claudebox_rl.types import ToolCall

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MOST_PROJECTS = 1000
_LONGEST_LINE_BYTES = 64 << 20


def is_id(text: str) -> bool:
    """Say whether a text is an id of a conversation, and so is safe in a command line and as a file's name."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def has_conversation(state: Path, conversation_id: str) -> bool:
    """Say whether there is a conversation to go on with, and cut off a last line that a kill has torn.

    The CLI bears a torn line (it leaves it standing, and goes on), but not a file without a message: it ends.

    Args:
        state: The CLI's state folder on the host, which no machine uses now.
        conversation_id: Whose record.
    """
    if not is_id(conversation_id):
        return False
    found = [_mend(record) for record in _records(state, f"{conversation_id}.jsonl")]
    return True in found


def unwritten(state: Path, conversation_id: str, calls: Sequence[ToolCall]) -> list[ToolCall]:
    """Return the calls whose results are not in a conversation: the CLI writes them a tenth of a second late."""
    left = list(calls)
    for record in _records(state, f"{conversation_id}.jsonl") if left else ():
        with os.fdopen(os.dup(record), "rb") as file:
            for line in file:
                left = [call for call in left if not _holds(line, call.tool_use_id)]
    return left


def unwritten_prompts(state: Path, conversation_id: str, prompts: Sequence[str]) -> list[str]:
    """Return the prompts that no message of the user in a conversation holds: they are written late as well."""
    left = list(prompts)
    for record in _records(state, f"{conversation_id}.jsonl") if left else ():
        with os.fdopen(os.dup(record), "rb") as file:
            for line in file:
                said = list(_texts(_parsed(line)))
                left = [prompt for prompt in left if not any(prompt in text for text in said)]
    return left


def _texts(entry: Any) -> Generator[str]:
    """Yield the texts of a message of the user; none of anything else."""
    if not _is_message(entry) or not isinstance(message := entry.get("message"), dict):
        return
    content: Any = cast("dict[str, Any]", message).get("content")
    for block in cast("list[Any]", content) if isinstance(content, list) else [{"text": content}]:
        text: Any = cast("dict[str, Any]", block).get("text") if isinstance(block, dict) else None
        if isinstance(text, str):
            yield text


def _holds(line: bytes, tool_use_id: str) -> bool:
    return f'"tool_use_id":"{tool_use_id}"'.encode() in line or mark_of(tool_use_id).encode() in line


def _records(state: Path, name: str) -> Generator[int]:
    """Yield a descriptor of each file of that name, one folder below `projects`."""
    with contextlib.suppress(OSError), _opened(state) as here, _opened("projects", here) as projects:
        with os.scandir(projects) as entries:
            folders = [entry.name for entry, _ in zip(entries, range(_MOST_PROJECTS), strict=False)]
        for folder in folders:
            with contextlib.suppress(OSError), _opened(folder, projects) as inner, _opened(name, inner, _FILE) as file:
                if stat.S_ISREG(os.fstat(file).st_mode):
                    yield file


@contextlib.contextmanager
def _opened(name: str | Path, parent: int | None = None, flags: int = _FOLDER) -> Generator[int]:
    descriptor = os.open(name, flags, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _mend(record: int) -> bool:
    """Cut what follows the last whole line, and say whether a line holds a message of the user."""
    whole, is_found = 0, False
    with os.fdopen(os.dup(record), "rb") as file:
        while line := file.readline(_LONGEST_LINE_BYTES):
            entry = _parsed(line)
            if entry is None and not line.endswith(b"\n"):
                break
            whole += len(line)
            is_found = is_found or _is_message(entry)
    if whole < os.fstat(record).st_size:
        os.ftruncate(record, whole)
    return is_found


def _is_message(entry: Any) -> bool:
    return isinstance(entry, dict) and cast("dict[str, Any]", entry).get("type") == "user"


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
