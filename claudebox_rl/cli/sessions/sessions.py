"""`claudebox-rl sessions`: the sessions that are kept, what was done in one, and their removal."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from claudebox_rl.cli.untrusted import one_line, printable
from claudebox_rl.cli.words import age, compact, dollars, moment
from claudebox_rl.errors import ConfigError
from claudebox_rl.session.keeping import stored
from claudebox_rl.session.keeping.folder import SessionFolder
from claudebox_rl.session.keeping.json_lines import read_lines
from claudebox_rl.session_types import SessionInfo, SessionState

_STYLES: dict[SessionState, str] = {"open": "green", "closed": "", "broken": "red", "cleaned": "dim"}
_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|min|h|d)")
_SHOWN_CHARS = 2000


def list_sessions(*, console: Console, workspace_dir: str | None, as_json: bool) -> int:
    """Print the sessions, the last used first.

    Args:
        console: Where to print.
        workspace_dir: Where they are kept; None: the user's own.
        as_json: Print a JSON array of objects instead.

    Returns:
        0.
    """
    sessions = stored.list_sessions(workspace_dir)
    if as_json:
        console.print_json(json.dumps([asdict(info) for info in sessions]))
    elif not sessions:
        where = stored.sessions_dir(workspace_dir)
        console.print(f"no sessions in {where}", markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(_table(sessions))
    return 0


def show_session(session_id: str, *, console: Console, workspace_dir: str | None, as_json: bool, full: bool) -> int:
    """Print what is known of a session, and its history.

    Args:
        session_id: The session.
        console: Where to print.
        workspace_dir: Where it is kept.
        as_json: Print the history's lines as they are instead.
        full: Do not shorten texts.

    Returns:
        0.

    Raises:
        SessionNotFoundError: There is none; names those that there are.
    """
    record = stored.find_session(session_id, workspace_dir)
    history = read_lines(SessionFolder(session_id, workspace_dir).history)
    if as_json:
        for entry in history:
            sys.stdout.write(json.dumps(entry) + "\n")
        return 0
    known = record.metadata
    facts = [
        f"{known.num_openings} openings, {known.num_prompts} prompts, {known.total_turns} turns",
        f"${dollars(known.cost_usd)}",
        f"made {moment(known.created_at)}, last used {moment(known.last_accessed)}",
        f"workspace {known.workspace_path}",
    ]
    console.print(Text(f"{session_id}: {'; '.join(facts)}"), soft_wrap=True)
    for entry in history:
        console.print(_entry(entry, full), soft_wrap=True)
    return 0


def clean_sessions(
    session_ids: list[str], *, console: Console, workspace_dir: str | None, older_than: str | None, workspace: bool
) -> int:
    """Remove sessions by id or by age, and say which.

    Args:
        session_ids: Which ones.
        console: Where to print.
        workspace_dir: Where they are kept.
        older_than: Also those that were not used for so long, such as `30d`.
        workspace: Remove their workspaces too.

    Returns:
        0.

    Raises:
        ConfigError: Nothing is named, or an age is none.
        SessionAlreadyExistsError: One is open.
        SessionNotFoundError: There is none of that id.
    """
    if not session_ids and older_than is None:
        raise ConfigError("name the sessions to remove, or give --older-than 30d")
    age_s = None if older_than is None else _seconds(older_than)
    done: list[str] = []
    for session_id in session_ids:
        stored.cleanup_session(session_id, remove_workspace=workspace, workspace_dir=workspace_dir)
        done.append(session_id)
    if age_s is not None:
        done += stored.cleanup_sessions(age_s, remove_workspace=workspace, workspace_dir=workspace_dir)
    for session_id in done:
        kept = "" if workspace else f"; kept {Path(SessionFolder(session_id, workspace_dir).workspace)}"
        console.print(Text(f"removed {session_id}{kept}"), soft_wrap=True)
    console.print(f"{len(done)} removed", highlight=False)
    return 0


def _table(sessions: list[SessionInfo]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("id", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("owner", "prompts", "turns", "last used", "on disk"):
        table.add_column(name, justify="right", no_wrap=True)
    for info in sessions:
        row = [one_line(info.session_id), info.state, str(info.owner_pid or "-"), str(info.num_prompts)]
        row += [str(info.total_turns), age(info.age_s or 0.0), f"{compact(info.size_bytes)}B"]
        cells = [Text(cell) for cell in row]
        cells[1].stylize(_STYLES[info.state])
        table.add_row(*cells)
    return table


def _entry(entry: dict[str, Any], full: bool) -> Text:
    """Return one line of the history; what is in it came from an agent."""
    kind, number = str(entry.get("kind")), entry.get("prompt_index")
    if kind == "prompt":
        return Text(f"\n[{number}] {_short(str(entry.get('prompt')), full)}", style="bold")
    if kind == "action":
        given = entry.get("input")
        shown = given.get("command") if isinstance(given, dict) and "command" in given else json.dumps(given)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        head = f"  {entry.get('tool')}: {_short(str(shown), full)}"  # pyright: ignore[reportUnknownArgumentType]
        return Text(
            f"{head}\n{_indented(_short(str(entry.get('output')), full))}", style="red" if entry["error"] else ""
        )
    if kind == "result":
        said = entry.get("response") if entry.get("success") else entry.get("error")
        return Text(f"  -> {_short(str(said), full)}", style="green" if entry.get("success") else "red")
    return Text(f"  note: {_short(str(entry.get('text')), full)}", style="yellow")


def _short(text: str, full: bool) -> str:
    text = printable(text)
    cut = text if full or len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]} ... (--full shows all)"
    return cut.rstrip()


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _seconds(text: str) -> float:
    found = _DURATION.fullmatch(text)
    if not found:
        raise ConfigError(f"--older-than {text!r} must be a number and s, min, h or d, such as 30d")
    return float(found[1]) * _UNITS[found[2]]
