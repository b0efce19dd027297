"""The sub-command `replay`, for the parser of `claudebox-rl`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from claudebox_rl.cli.console import make_console
from claudebox_rl.cli.untrusted import one_line

if TYPE_CHECKING:
    from claudebox_rl.playing.replayed import Replayed

_HELP = """\
examples:
  claudebox-rl replay fix-bug-0 --dataset rollouts/exp1
  claudebox-rl replay fix-bug-0 --dataset rollouts/exp1 --ignore 'build [0-9]+'

exit codes: 0 no divergence; 1 the agent asked for something else than was recorded, or the replay failed; 2 bad input
"""


def add_replay(commands: Any) -> None:
    """Add `replay` to the sub-commands of a parser (`argparse` has no public name for their type)."""
    command: argparse.ArgumentParser = commands.add_parser(
        "replay",
        help="play a stored episode's model calls again, to the first divergence",
        description="Play a stored episode's model calls through the real CLI in a fresh sandbox; nothing is stored.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("episode", help="an episode's id, or how it begins")
    command.add_argument("--dataset", required=True, metavar="PATH", help="the dataset's folder or URI")
    command.add_argument("--sandbox", metavar="NAME", help="another backend than the recorded one")
    command.add_argument("--task", help="where the task is found now")
    command.add_argument(
        "--ignore", action="append", default=[], metavar="REGEX", help="what it matches counts as equal"
    )
    command.set_defaults(run=_replay)


def _replay(arguments: argparse.Namespace) -> int:
    from claudebox_rl.playing.replayed import replay_episode

    replayed = replay_episode(
        arguments.dataset, arguments.episode, sandbox=arguments.sandbox, task=arguments.task, ignore=arguments.ignore
    )
    console = make_console()
    for line in report(replayed):
        console.print(one_line(line), markup=False, highlight=False, soft_wrap=True)
    return 0 if _is_same(replayed) else 1


def _is_same(replayed: Replayed) -> bool:
    return replayed.divergence is None and replayed.played.outcome == replayed.recorded.outcome


def report(replayed: Replayed) -> list[str]:
    """Return what a replay came to, in lines; where it diverged with a short diff."""
    name, played, found = replayed.recorded.episode_id, replayed.played, replayed.divergence
    if found is not None:
        which = "after the last recorded call" if found.call_index is None else f"at call {found.call_index}"
        message = "" if found.message_index is None else f", message {found.message_index}"
        place = f", at {found.json_path}" if found.json_path else ""
        return [
            f"{name}: diverges {which} of {replayed.num_recorded} (agent {found.agent_path}){message}{place}",
            f"- {found.expected}",
            f"+ {found.actual}",
        ]
    calls = f"{replayed.num_asked} of {replayed.num_recorded} model calls"
    if not _is_same(replayed):
        error = f": {played.error_message}" if played.error_message else ""
        return [f"{name}: {calls} without a divergence, but it ended as {played.outcome}{error}"]
    return [f"{name}: {calls} without a divergence, {played.outcome}, return {played.episode_return}"]
