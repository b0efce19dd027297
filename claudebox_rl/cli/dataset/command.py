"""The sub-command `dataset`, for the parser of `claudebox-rl`."""

from __future__ import annotations

import argparse
from typing import Any

from claudebox_rl.cli.console import make_console
from claudebox_rl.errors import ConfigError

_HELP = """\
examples:
  claudebox-rl dataset stats rollouts/exp1                        what is in it, by task
  claudebox-rl dataset verify rollouts/exp1                       reads all of it; exit code 1 with findings
  claudebox-rl dataset repair rollouts/exp1                       settles what a crash left
  claudebox-rl dataset compact rollouts/exp1                      many small files into few
  claudebox-rl dataset merge rollouts/exp1 rollouts/exp2 --into rollouts/all
  claudebox-rl dataset split rollouts/all train=0.9 test=0.1 --into rollouts/parted
  claudebox-rl dataset filter rollouts/all --into rollouts/good --outcome completed --min-return 1

PATH and DATASET are folders or URIs. Commits and claudebox_rl's readers go on beside all of these; compact and repair
of one dataset run one at a time. What was killed is gone on with by the same command. merge, split and filter never
change what they read, and skip what is there already.

exit codes: 0 all well; 1 verify has findings, or repair left some; 2 bad input, or a dataset can't be read"""


def add_dataset(commands: Any) -> None:
    """Add `dataset` to the sub-commands of a parser (`argparse` has no public name for their type)."""
    command: argparse.ArgumentParser = commands.add_parser(
        "dataset",
        help="keep datasets in order: compact, verify, repair; merge, split, filter; stats",
        description="Keep datasets in order, make new ones of them, and count what is in them.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    deeds = command.add_subparsers(required=True, metavar="compact|verify|repair|merge|split|filter|stats|card")
    _add_upkeep(deeds)
    _add_making(deeds)


def _add_upkeep(deeds: Any) -> None:
    stats = deeds.add_parser("stats", help="print episodes, returns, tokens, dollars, seconds and bytes")
    stats.add_argument("--json", action="store_true", help="a JSON object; bytes, seconds, US dollars")
    stats.set_defaults(run=_stats)
    verify = deeds.add_parser("verify", help="read all of it, and print what is wrong, a line each")
    verify.add_argument("--json", action="store_true", help="a JSON array")
    verify.set_defaults(run=_verify)
    repair = deeds.add_parser(
        "repair",
        help="settle what a crash left",
        description="Finish journals of dead writers (as infra_error), commits and compactions, remove files that "
        "never counted, and move damaged parts aside as .damaged. What a living writer holds is left alone.",
    )
    repair.set_defaults(run=_repair)
    compact = deeds.add_parser("compact", help="put small parts together")
    compact.add_argument("--target-mib", type=float, default=128.0, metavar="MIB", help="of a part's files (128)")
    compact.set_defaults(run=_compact)
    card = deeds.add_parser("card", help="write its README.md, by which Hugging Face datasets opens it as it is")
    card.set_defaults(run=_card)
    for deed in (stats, verify, repair, compact, card):
        deed.add_argument("dataset", metavar="PATH", help="the dataset's folder or URI")


def _add_making(deeds: Any) -> None:
    merge = deeds.add_parser("merge", help="put datasets into one; doubled episodes must be equal")
    merge.add_argument("datasets", nargs="+", metavar="DATASET", help="what to read")
    merge.set_defaults(run=_merge)
    split = deeds.add_parser("split", help="put each task's episodes on one of several sides")
    split.add_argument("dataset", metavar="DATASET", help="what to read")
    split.add_argument("shares", nargs="+", metavar="NAME=SHARE", help="of the tasks; they sum to 1")
    split.add_argument("--seed", type=int, default=0, help="another one splits otherwise (0)")
    split.set_defaults(run=_split)
    chosen = deeds.add_parser("filter", help="copy the episodes for which all conditions hold")
    chosen.add_argument("dataset", metavar="DATASET", help="what to read")
    chosen.add_argument("--outcome", help="completed, truncated, agent_error, infra_error or cancelled")
    chosen.add_argument("--task", metavar="GLOB", help="task ids: 'quickstart/*'")
    chosen.add_argument("--valid", action="store_true", help="those that are valid for training")
    chosen.add_argument("--min-return", type=float, metavar="R", help="this return, or more")
    chosen.add_argument("--run", dest="run_id", metavar="RUN_ID", help="of this rollout")
    chosen.add_argument("--group", dest="group_id", metavar="GROUP_ID", help="of this group")
    chosen.set_defaults(run=_filter)
    for deed in (merge, split, chosen):
        deed.add_argument("--into", required=True, metavar="PATH", help="where to write; made where missing")


def _stats(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.dataset.statistics import print_stats

    print_stats(arguments.dataset, console=make_console(), as_json=arguments.json)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.dataset.upkeep import print_findings

    return print_findings(arguments.dataset, console=make_console(), as_json=arguments.json)


def _repair(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.dataset.upkeep import print_repair

    return print_repair(arguments.dataset, console=make_console())


def _compact(arguments: argparse.Namespace) -> int:
    from claudebox_rl.cli.dataset.upkeep import print_compaction

    print_compaction(arguments.dataset, int(arguments.target_mib * (1 << 20)), console=make_console())
    return 0


def _card(arguments: argparse.Namespace) -> int:
    from claudebox_rl.trajectory.card import write_card

    name = write_card(arguments.dataset)
    make_console().print(f"{arguments.dataset}: wrote {name}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _merge(arguments: argparse.Namespace) -> int:
    from claudebox_rl.trajectory.upkeep import merge

    return _tell({arguments.into: merge(arguments.datasets, arguments.into)})


def _split(arguments: argparse.Namespace) -> int:
    from claudebox_rl.trajectory.upkeep import split

    shares = dict(map(_share, arguments.shares))
    counts = split(arguments.dataset, arguments.into, shares, arguments.seed)
    return _tell({f"{arguments.into}, {name}": count for name, count in counts.items()})


def _filter(arguments: argparse.Namespace) -> int:
    from claudebox_rl.trajectory.upkeep import filter_episodes

    count = filter_episodes(
        arguments.dataset,
        arguments.into,
        outcome=arguments.outcome,
        task=arguments.task,
        valid_for_training=True if arguments.valid else None,
        min_return=arguments.min_return,
        run_id=arguments.run_id,
        group_id=arguments.group_id,
    )
    return _tell({arguments.into: count})


def _share(text: str) -> tuple[str, float]:
    name, _, share = text.partition("=")
    try:
        return name, float(share)
    except ValueError:
        raise ConfigError(f"{text!r} is no share: write train=0.9") from None


def _tell(counts: dict[str, int]) -> int:
    console = make_console()
    for where, count in counts.items():
        console.print(f"{where}: {count} episodes copied", markup=False, highlight=False, soft_wrap=True)
    return 0
