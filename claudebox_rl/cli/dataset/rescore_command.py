"""The sub-command `rescore`, for the parser of `claudebox-rl`."""

from __future__ import annotations

import argparse
from typing import Any

from claudebox_rl.cli.console import make_console
from claudebox_rl.cli.exit_codes import EXIT_CODES

_HELP = """\
examples:
  claudebox-rl rescore rollouts/exp1                         run the verifier on each final state anew
  claudebox-rl rescore rollouts/exp1 reward=success
  claudebox-rl rescore rollouts/exp1 reward=[efficiency,safety] --verifier stored
  claudebox-rl rescore rollouts/exp1 task=./my-tasks --name new-tests

The old columns stay as they are. What has a result by the same settings and task files is skipped, so an interrupted
rescoring is gone on with by the same command.
"""


def add_rescore(commands: Any) -> None:
    """Add `rescore` to the sub-commands of a parser (`argparse` has no public name for their type)."""
    command: argparse.ArgumentParser = commands.add_parser(
        "rescore",
        help="compute rewards and verdicts of stored episodes anew, without playing them",
        description="Judge each episode's stored final state and steps anew, and store the results beside them.",
        epilog=f"{_HELP}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("dataset", help="the dataset's folder or URI")
    command.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="reward, task and sandbox, as of rollout")
    command.add_argument("--name", help="of the new columns (the rewards' names)")
    command.add_argument(
        "--verifier",
        choices=("auto", "anew", "stored"),
        default="auto",
        help="whose verdict: run anew in a machine, or that of the play; auto: stored where no reward is the verdict",
    )
    command.add_argument("--parallel", type=int, metavar="N", help="episodes at the same time (one a processor)")
    command.set_defaults(run=_rescore)


def _rescore(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.dataset.rescore import run_rescore

    return run_rescore(
        arguments.dataset,
        arguments.overrides,
        console=make_console(),
        name=arguments.name,
        verifier=arguments.verifier,
        num_parallel=arguments.parallel,
    )
