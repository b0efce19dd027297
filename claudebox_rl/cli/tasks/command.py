"""The sub-command `tasks`, for the parser of `claudebox-rl`."""

from __future__ import annotations

import argparse
from typing import Any

from claudebox_rl.cli.console import make_console
from claudebox_rl.cli.tasks.help import CHECK_HELP, TASKS_HELP
from claudebox_rl.config import SandboxConfig

_SELECTOR = "suites, tasks or folders (all that are shipped)"


def add_tasks(commands: Any) -> None:
    """Add `tasks` to the sub-commands of a parser (`argparse` has no public name for their type)."""
    command: argparse.ArgumentParser = commands.add_parser(
        "tasks",
        help="list tasks, and prove that they reward the work and nothing else",
        description="List tasks, and prove them.",
        epilog=TASKS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=_list, selector=[])
    deeds = command.add_subparsers(metavar="list|check|measure|new|import")
    listing = deeds.add_parser("list", help="print them, and refuse folders that are malformed")
    listing.add_argument("selector", nargs="*", help=_SELECTOR)
    listing.set_defaults(run=_list)
    checking = deeds.add_parser(
        "check",
        help="play solution, nothing, random commands and every cheat, and say what is wrong",
        description="Prove tasks by playing them.",
        epilog=CHECK_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    checking.add_argument("selector", nargs="*", help=_SELECTOR)
    checking.add_argument(
        "--players", metavar="NAMES", help="only these: names, roles (cheat) or patterns, with commas"
    )
    checking.add_argument("--repeat", metavar="N", type=int, default=3, help="plays of the solution (3)")
    checking.add_argument(
        "--sample", metavar="N", type=int, help="only N of the shipped cheats on each task, others each day"
    )
    _add_sandbox(checking)
    checking.add_argument("--json", action="store_true", help="every play and finding, as one JSON object")
    checking.set_defaults(run=_check)
    measuring = deeds.add_parser("measure", help="how often players of lower and lower skill pass: how hard tasks are")
    measuring.add_argument("selector", nargs="*", help=_SELECTOR)
    measuring.add_argument("--episodes", metavar="N", type=int, default=8, help="of each player (8)")
    _add_sandbox(measuring)
    measuring.add_argument(
        "--write", action="store_true", help="into [metadata.claudebox.pass_rates] of each task.toml"
    )
    measuring.set_defaults(run=_measure)
    making = deeds.add_parser("new", help="make a task folder that is proved as it stands, to begin with")
    making.add_argument("path", help="of the new folder; its name becomes the task's")
    making.set_defaults(run=_new)
    importing = deeds.add_parser("import", help="make task folders of rows as SWE-bench has them, from a local file")
    importing.add_argument("rows", help="a Parquet file: instance_id, repo, base_commit, problem_statement, patch, ...")
    importing.add_argument("into", help="folder of the task folders")
    importing.add_argument("--repos", metavar="FOLDER", help="where the repositories lie, if not beside the file")
    importing.add_argument("--only", metavar="NAMES", help="rows of these instance_id: names or patterns, with commas")
    importing.set_defaults(run=_import)


def _add_sandbox(command: argparse.ArgumentParser) -> None:
    command.add_argument("--sandbox", default="auto", help="auto (default), local or boxlite")
    images = command.add_mutually_exclusive_group()
    images.add_argument("--image", help="that all these tasks are played in: an OCI layout folder, or a reference")
    images.add_argument(
        "--task-images", metavar="FOLDER", help="of OCI layout folders, each called as the folder of its task"
    )


def _sandbox(arguments: argparse.Namespace) -> SandboxConfig:
    return SandboxConfig(name=arguments.sandbox, image=arguments.image, task_images=arguments.task_images)


def _list(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.tasks.listing import list_tasks

    list_tasks(arguments.selector, console=make_console())
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.tasks.check import check

    return check(
        arguments.selector,
        players=[name for name in (arguments.players or "").split(",") if name],
        repeat=arguments.repeat,
        sample=arguments.sample,
        sandbox=_sandbox(arguments),
        as_json=arguments.json,
    )


def _measure(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.tasks.measure import measure

    return measure(
        arguments.selector,
        num_episodes=arguments.episodes,
        sandbox=_sandbox(arguments),
        write=arguments.write,
        console=make_console(),
    )


def _new(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.tasks.new import new

    new(arguments.path, console=make_console())
    return 0


def _import(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.tasks.new import import_all

    only = [name for name in (arguments.only or "").split(",") if name]
    import_all(arguments.rows, arguments.into, arguments.repos, only, console=make_console())
    return 0
