"""The sub-command `doctor`, for the parser of `claudebox-rl`."""

from __future__ import annotations

import argparse
from typing import Any

from claudebox_rl.cli.console import make_console

_HELP = """\
looks at: open files, memory, disk, clock; KVM, BoxLite and the local sandbox, which are tried; the agent's program; the
model's server, which is asked for nothing that costs; Ray, which is started or joined. Keys are never printed.

  ok     as it should be
  warn   episodes are played, but slower, less isolated or not for long
  fail   a rollout with these settings can't play here

examples:
  claudebox-rl doctor
  claudebox-rl doctor model=anthropic sandbox=boxlite
  claudebox-rl doctor --ray-address 10.0.0.1:6379 --nodes      # a line a node
  claudebox-rl doctor --json | jq '.findings[] | select(.status != "ok")'

exit codes: 0 nothing fails; 1 something fails; 2 bad input, or no cluster for --nodes
"""


def add_doctor(commands: Any) -> None:
    """Add `doctor` to the sub-commands of a parser (`argparse` has no public name for their type)."""
    command: argparse.ArgumentParser = commands.add_parser(
        "doctor",
        help="check that this machine, or each node of a cluster, can play",
        description="Look at what a rollout with these settings needs, and say what to do where it is missing.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="settings of the rollout, as it takes them")
    command.add_argument("--json", action="store_true", help="one JSON object")
    command.add_argument("--nodes", action="store_true", help="look at every node of the Ray cluster")
    command.add_argument("--ray-address", metavar="ADDRESS", help="HOST:PORT of a running cluster, or auto")
    command.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.host.doctor import doctor

    return doctor(
        arguments.overrides,
        console=make_console(),
        as_json=arguments.json,
        nodes=arguments.nodes,
        address=arguments.ray_address,
    )
