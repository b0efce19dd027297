"""The arguments of `claudebox-rl export`."""

from __future__ import annotations

import argparse
from typing import Any

from claudebox_rl.cli.console import make_console
from claudebox_rl.exports import FORMATS

_OPTIONS = ("threshold", "min_return", "features")
_HELP = """\
json, jsonl and markdown are written to a file; atif makes a folder, and so do these, of what is valid for training:
  trl-sft, trl-preference, trl-unpaired   for TRL: train.parquet, read by datasets.load_dataset
  verl-prompts, verl-tokens               for verl: train.parquet
  minari                                  for Minari; the folder's name is the id: .../fix-bug-v0
  rllib                                   for RLlib's offline API: episodes.parquet and spaces.json
docs/exports.md says what becomes what.
"""


def add_export(commands: Any) -> None:
    """Add the sub-command."""
    command: argparse.ArgumentParser = commands.add_parser(
        "export",
        help="write trajectories as JSON, Markdown or ATIF, or a dataset in the form of a trainer",
        description="Write trajectories as JSON, Markdown or ATIF, or a dataset in the form that a trainer loads.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("source", metavar="SESSION_OR_DATASET", help="a stored session's id, or a dataset's folder")
    command.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="PATH",
        help="where to write: a file, replaced if it is there; or a folder that is not there",
    )
    command.add_argument(
        "--format", choices=("json", "jsonl", "markdown", "atif", *FORMATS), help="by the name of PATH, unless given"
    )
    command.add_argument(
        "--episode", help="of a dataset, not for trainers: an episode's id, or how it begins; else all"
    )
    command.add_argument(
        "--min-return", type=float, metavar="X", help="trl-sft: only episodes that earned X or more; else all"
    )
    command.add_argument("--threshold", type=float, metavar="X", help="trl-unpaired: from what return on is good (0.5)")
    command.add_argument("--features", metavar="NAME", help="rllib: hashed (default), or module:function")
    command.set_defaults(run=_export)


def _export(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.dataset.export import export

    options = {name: getattr(arguments, name) for name in _OPTIONS}
    export(arguments.source, arguments.output, arguments.format, arguments.episode, options, console=make_console())
    return 0
