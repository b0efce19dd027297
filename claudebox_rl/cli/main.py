"""The `claudebox-rl` command: parses the sub-command, and turns our errors into messages and exit codes."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from rich.console import Console

from claudebox_rl import __version__
from claudebox_rl.cli.catalogue.skills_help import SKILLS_HELP
from claudebox_rl.cli.catalogue.templates_help import TEMPLATES_HELP
from claudebox_rl.cli.console import make_console
from claudebox_rl.cli.dataset.command import add_dataset
from claudebox_rl.cli.dataset.export_command import add_export
from claudebox_rl.cli.dataset.replay_command import add_replay
from claudebox_rl.cli.dataset.rescore_command import add_rescore
from claudebox_rl.cli.exit_codes import EXIT_CODES
from claudebox_rl.cli.host.doctor_command import add_doctor
from claudebox_rl.cli.host.machines_help import MACHINES_HELP
from claudebox_rl.cli.rollout.help import ROLLOUT_HELP
from claudebox_rl.cli.sessions.command import add_sessions
from claudebox_rl.cli.sweep.command import add_sweep
from claudebox_rl.cli.tasks.command import add_tasks
from claudebox_rl.cli.untrusted import printable
from claudebox_rl.errors import ClaudeBoxError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None: those of the process.

    Returns:
        The exit code.
    """
    arguments = _parser().parse_args(argv)
    logging.basicConfig(
        level=logging.DEBUG if arguments.verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        return arguments.run(arguments)
    except ClaudeBoxError as error:
        if arguments.verbose:
            raise
        Console(stderr=True).print(
            f"error: {printable(str(error))}", style="red", markup=False, highlight=False, soft_wrap=True
        )
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201  # the console may be what was interrupted
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the exit flushes into the closed pipe
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="claudebox-rl",
        description="Play coding tasks with the real Claude Code CLI in isolated machines, and keep the episodes.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"claudebox-rl {__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="log what happens, and show tracebacks")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _describe_rollout(
        commands.add_parser(
            "rollout",
            help="play episodes into a dataset",
            description="Play tasks and leave a Parquet dataset and a table of results.",
            epilog=f"{ROLLOUT_HELP}\n{EXIT_CODES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
    add_sweep(commands)
    add_rescore(commands)
    add_replay(commands)
    _describe_show(commands.add_parser("show", help="print a dataset's episodes, or one trajectory"))
    _describe_report(commands.add_parser("report", help="print where the time of a dataset's episodes went"))
    _describe_machines(
        commands.add_parser(
            "machines",
            help="list machines, and remove what killed processes left",
            description="List the machines that the journal holds, by either backend, and remove what is left behind.",
            epilog=MACHINES_HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
    add_dataset(commands)
    add_doctor(commands)
    add_sessions(commands)
    _describe_skills(
        commands.add_parser(
            "skills",
            help="list skills, and install them before a session needs them",
            description="Skills: packages, programs and instructions that a session can be given.",
            epilog=SKILLS_HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
    add_tasks(commands)
    add_export(commands)
    _describe_templates(
        commands.add_parser(
            "templates",
            help="build machines with tools for a kind of work, and check them",
            description="List templates, build them into images, and check that their tools answer.",
            epilog=TEMPLATES_HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
    return parser


def _describe_rollout(command: argparse.ArgumentParser) -> None:
    command.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="settings, in Hydra's syntax")
    command.add_argument("--config", action="store_true", help="print the resolved settings and stop")
    command.add_argument(
        "--events", action="store_true", help="write a JSON event a line to stdout, the rest to stderr"
    )
    command.add_argument("--resume", metavar="DATASET", help="go on with a run, by the settings stored there")
    command.set_defaults(run=_rollout)


def _describe_show(command: argparse.ArgumentParser) -> None:
    command.add_argument("dataset", help="the dataset's folder")
    command.add_argument("episode", nargs="?", help="an episode's id, or how it begins")
    command.add_argument("--full", action="store_true", help="do not shorten inputs and outputs")
    command.set_defaults(run=_show)


def _describe_report(command: argparse.ArgumentParser) -> None:
    command.add_argument("dataset", help="the dataset's folder")
    command.add_argument("--run", dest="run_id", metavar="RUN_ID", help="only the episodes of this rollout")
    command.set_defaults(run=_report)


def _describe_machines(command: argparse.ArgumentParser) -> None:
    deeds = command.add_subparsers(required=True, metavar="list|reap")
    listing = deeds.add_parser("list", help="print them: whose they are, how old, and what they hold on disk")
    listing.add_argument("--json", action="store_true", help="a JSON array; sizes in bytes, ages in seconds")
    listing.set_defaults(run=_list_machines)
    reaping = deeds.add_parser("reap", help="end and remove what dead owners left, and say what was done")
    reaping.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    reaping.add_argument("--detached", action="store_true", help="end machines too that were to outlive their owner")
    reaping.add_argument("--nodes", action="store_true", help="on every node of a Ray cluster")
    reaping.add_argument("--ray-address", metavar="ADDRESS", default="auto", help="its HOST:PORT, or auto (default)")
    reaping.set_defaults(run=_reap_machines)


def _describe_skills(command: argparse.ArgumentParser) -> None:
    deeds = command.add_subparsers(required=True, metavar="list|show|install|clean")
    listing = deeds.add_parser("list", help="print them, and what is installed of each")
    listing.add_argument("--json", action="store_true", help="a JSON array; sizes in bytes")
    listing.set_defaults(run=_list_skills)
    showing = deeds.add_parser("show", help="print what one installs, its versions, and what Claude is told")
    showing.add_argument("name", help="of the skill, or module:SKILL")
    showing.set_defaults(run=_show_skill)
    installing = deeds.add_parser("install", help="install some, so that sessions start at once and without a network")
    installing.add_argument("name", nargs="+", help="of a skill, or module:SKILL")
    installing.add_argument("--sandbox", default="auto", help="backend to install for (auto)")
    installing.add_argument("--image", help="image to install upon; else the backend's default")
    installing.set_defaults(run=_install_skills)
    cleaning = deeds.add_parser("clean", help="remove what is installed; sessions that use it must be closed")
    cleaning.add_argument("name", nargs="*", help="of a skill; none: all")
    cleaning.set_defaults(run=_clean_skills)


def _describe_templates(command: argparse.ArgumentParser) -> None:
    deeds = command.add_subparsers(required=True, metavar="list|build|check")
    listing = deeds.add_parser("list", help="print them: which are built, and what they take on disk")
    listing.add_argument("--json", action="store_true", help="a JSON array, with every package's version")
    listing.set_defaults(run=_list_templates)
    building = deeds.add_parser("build", help="build them, as root; says each step (minutes)")
    checking = deeds.add_parser("check", help="ask every tool for an answer, in a sandbox without a network")
    for deed in (building, checking):
        which = deed.add_mutually_exclusive_group(required=True)
        which.add_argument("name", nargs="*", default=[], help="names: web_dev, data_science, ...")
        which.add_argument("--all", action="store_true", help="every one")
    checking.add_argument("--sandbox", default="auto", help="auto (default), local or boxlite")
    building.set_defaults(run=_build_templates)
    checking.set_defaults(run=_check_templates)


def _rollout(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.rollout.command import print_config, rollout

    if arguments.config:
        return print_config(arguments.overrides)
    return rollout(arguments.overrides, arguments.resume, events=arguments.events)


def _show(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.dataset.show import show

    show(arguments.dataset, arguments.episode, console=make_console(), full=arguments.full)
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.rollout.report import report

    report(arguments.dataset, arguments.run_id, console=make_console())
    return 0


def _list_machines(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.host.machines import list_machines

    return list_machines(console=make_console(), as_json=arguments.json)


def _reap_machines(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.host.machines import reap_machines, reap_nodes

    if arguments.nodes:
        address, console = arguments.ray_address, make_console()
        return reap_nodes(address, console=console, dry_run=arguments.dry_run, detached=arguments.detached)
    return reap_machines(console=make_console(), dry_run=arguments.dry_run, detached=arguments.detached)


def _list_skills(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.catalogue.skills import list_all

    return list_all(console=make_console(), as_json=arguments.json)


def _show_skill(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.catalogue.skills import show

    return show(arguments.name, console=make_console())


def _install_skills(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.catalogue.skills import install

    return install(arguments.name, console=make_console(), sandbox=arguments.sandbox, image=arguments.image)


def _clean_skills(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.catalogue.skills import clean

    return clean(arguments.name, console=make_console())


def _list_templates(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.catalogue.templates import list_templates

    return list_templates(console=make_console(), as_json=arguments.json)


def _build_templates(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.catalogue.templates import build_templates

    return build_templates(_template_names(arguments), console=make_console())


def _check_templates(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.catalogue.templates import check_templates

    return check_templates(_template_names(arguments), arguments.sandbox, console=make_console())


def _template_names(arguments: argparse.Namespace) -> list[str]:
    from claudebox_rl.session.templates.template import SandboxTemplate

    return list(SandboxTemplate) if arguments.all else arguments.name


if __name__ == "__main__":
    sys.exit(main())
