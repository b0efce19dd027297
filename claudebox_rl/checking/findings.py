"""What is wrong with a task, told by what its players came to, and how it is mended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from claudebox_rl.checking.cheats import OWN
from claudebox_rl.checking.play import Play
from claudebox_rl.checking.player import Role

_NO_SOLUTION = (
    "the task can't be proved to be solvable as it stands: run solution/solve.sh by `claudebox-rl rollout model=oracle "
    "task=... reward=verifier`, and hold what the verifier printed against the instruction"
)
_FLAKY = (
    "the same work is judged differently each time: take time, order of files and sets, random numbers without a seed, "
    "and tight time-outs out of tests/ and the solution"
)
_NO_VERDICT = (
    "the verifier must judge an untouched workspace as well: what is missing is work that is wrong (0.0), not an error "
    "of the judge"
)
_FREE = (
    "part of the reward is paid for what the task itself gives: check only what the work has to bring about, or have "
    "the verifier subtract what holds from the start"
)
_RANDOM = (
    "files that merely exist, or anything that is printed, are paid: compare values with the right ones, and several "
    "of them"
)
_CHEAT = (
    "the reward can be had without the work. Where code is judged: run it in processes of its own (tests/judging.py), "
    "compare values with a reference on many hidden inputs, restore the files that the task gave, and write the "
    "verdict last. `{player}` is cheats/{file}"
)
_BROKEN_CHEAT = 'a cheat that fails proves nothing: mend it, or let it end with `skip "what is missing"`'


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a task."""

    task_id: str
    player: str
    problem: str
    advice: str
    """What it means, and how to mend it."""
    output: str = ""
    """The end of what the verifier printed."""


def find(plays: Sequence[Play]) -> list[Finding]:
    """Return what is wrong with the tasks that were played; empty where all is proved."""
    by_task = sorted(plays, key=lambda play: play.task_id)
    return [found for _, group in groupby(by_task, key=lambda play: play.task_id) for found in _of_task(list(group))]


def _of_task(plays: list[Play]) -> Iterator[Finding]:
    by_role = {role: [play for play in plays if play.role is role] for role in Role}
    yield from _of_solution(by_role[Role.SOLUTION])
    yield from _of_nothing(by_role[Role.NOTHING])
    nothing = max((play.gain for play in by_role[Role.NOTHING]), default=0.0)
    yield from _of_gains(by_role[Role.RANDOM], nothing)
    yield from _of_gains(by_role[Role.CHEAT], nothing)


def _of_solution(plays: list[Play]) -> Iterator[Finding]:
    rewards = [play.reward for play in plays]
    if bad := next((play for play in plays if play.reward != 1.0), None):
        is_flaky = 1.0 in rewards
        came_to = ", ".join("none" if reward is None else f"{reward:g}" for reward in rewards)
        problem = f"the solution earns {came_to} instead of 1.0 each time{_reason(bad)}"
        yield _finding(bad, problem, _FLAKY if is_flaky else _NO_SOLUTION)
    elif failed := next((play for play in plays if play.failed), None):
        yield _finding(failed, f"solve.sh earns 1.0 but fails: {failed.failed}", "let it end with exit code 0")


def _of_nothing(plays: Iterable[Play]) -> Iterator[Finding]:
    for play in plays:
        if play.reward is None:
            yield _finding(play, f"doing nothing gets no verdict{_reason(play)}", _NO_VERDICT)
        elif play.reward != 0.0:
            yield _finding(play, f"doing nothing earns {play.reward:g} instead of 0.0", _FREE)


def _of_gains(plays: Iterable[Play], nothing: float) -> Iterator[Finding]:
    for play in plays:
        if play.gain > nothing:
            problem = f"{play.player} earns {play.gain:g}, doing nothing {nothing:g}"
            file = f"{play.player.removeprefix('own:')}.sh"
            advice = _RANDOM if play.role is Role.RANDOM else _CHEAT.format(player=play.player, file=file)
            yield _finding(play, problem, advice)
        elif play.failed and play.player.startswith(OWN):
            yield _finding(play, f"{play.player} did not run through: {play.failed}", _BROKEN_CHEAT)


def _reason(play: Play) -> str:
    why = play.why or play.failed
    return f" ({why})" if why else ""


def _finding(play: Play, problem: str, advice: str) -> Finding:
    return Finding(play.task_id, play.player, problem, advice, play.output.strip())
