"""The sub-command `sessions`, for the parser of `claudebox-rl`."""

from __future__ import annotations

import argparse
from typing import Any

from claudebox_rl.cli.console import make_console
from claudebox_rl.cli.sessions.help import SESSIONS_HELP


def add_sessions(commands: Any) -> None:
    """Add `sessions` to the sub-commands of a parser (`argparse` has no public name for their type)."""
    command: argparse.ArgumentParser = commands.add_parser(
        "sessions",
        help="list sessions, show what was done in one, and remove them",
        description="List the sessions that are kept, show the history of one, and remove them by id or by age.",
        epilog=SESSIONS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--workspace-dir", metavar="FOLDER", help="where they are kept, if not in ~/.claudebox")
    deeds = command.add_subparsers(required=True, metavar="list|show|clean")
    listing = deeds.add_parser("list", parents=[where], help="print them: state, owner, age, what they hold on disk")
    listing.add_argument("--json", action="store_true", help="a JSON array; sizes in bytes, ages in seconds")
    listing.set_defaults(run=_list)
    showing = deeds.add_parser("show", parents=[where], help="print prompts, actions and results of one")
    showing.add_argument("session_id", help="the session")
    showing.add_argument("--json", action="store_true", help="the history's lines as they are")
    showing.add_argument("--full", action="store_true", help="do not shorten inputs and outputs")
    showing.set_defaults(run=_show)
    cleaning = deeds.add_parser("clean", parents=[where], help="remove some; their workspaces stay, unless you say so")
    cleaning.add_argument("session_id", nargs="*", help="which ones")
    cleaning.add_argument("--older-than", metavar="AGE", help="what was not used for so long: 90s, 5min, 12h, 30d")
    cleaning.add_argument("--workspace", action="store_true", help="remove their workspaces too")
    cleaning.set_defaults(run=_clean)


def _list(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.sessions.sessions import list_sessions

    return list_sessions(console=make_console(), workspace_dir=arguments.workspace_dir, as_json=arguments.json)


def _show(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.sessions.sessions import show_session

    return show_session(
        arguments.session_id,
        console=make_console(),
        workspace_dir=arguments.workspace_dir,
        as_json=arguments.json,
        full=arguments.full,
    )


def _clean(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.sessions.sessions import clean_sessions

    return clean_sessions(
        arguments.session_id,
        console=make_console(),
        workspace_dir=arguments.workspace_dir,
        older_than=arguments.older_than,
        workspace=arguments.workspace,
    )
