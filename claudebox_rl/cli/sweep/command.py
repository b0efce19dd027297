"""The sub-command `sweep`: its arguments."""

from __future__ import annotations

import argparse
from typing import Any

from claudebox_rl.cli.exit_codes import EXIT_CODES
from claudebox_rl.cli.sweep.help import SWEEP_HELP


def add_sweep(commands: Any) -> None:
    """Add `sweep` to the sub-commands of a parser (`argparse` has no public name for their type)."""
    command: argparse.ArgumentParser = commands.add_parser(
        "sweep",
        help="play rollouts with many settings into one table and one dataset",
        description="Play a rollout for each of many settings, at the same time; leave one table and one dataset.",
        epilog=f"{SWEEP_HELP}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("overrides", nargs="+", metavar="KEY=VALUE[,VALUE]", help="settings, in Hydra's syntax")
    command.add_argument("--plan", action="store_true", help="check and print the jobs, and stop")
    command.set_defaults(run=_sweep)


def _sweep(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.sweep.run import sweep

    return sweep(arguments.overrides, only_plan=arguments.plan)
