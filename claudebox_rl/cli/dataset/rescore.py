"""`claudebox-rl rescore`: rewards and verdicts of stored episodes, computed anew."""

from __future__ import annotations

from typing import cast

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from claudebox_rl.cli.schema import load_config
from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.errors import ConfigError
from claudebox_rl.playing.rescoring.rescore import Rescoring, Whose, rescore
from claudebox_rl.rewards import Reward
from claudebox_rl.trajectory.rescores import Rescore

_KEYS = ("reward", "task", "sandbox")
_REASONS_SHOWN = 20


def run_rescore(
    dataset: str,
    overrides: list[str],
    *,
    console: Console,
    name: str | None = None,
    verifier: Whose = "auto",
    num_parallel: int | None = None,
) -> int:
    """Judge a dataset's episodes anew.

    Args:
        dataset: Its folder or URI.
        overrides: `reward=...`, `task=...`, `sandbox=...`, as of `rollout`.
        console: Shows progress and results.
        name: Of the column set.
        verifier: Whose verdict.
        num_parallel: Episodes at the same time; None: one a processor.

    Returns:
        0; 1 where an episode failed by an error.

    Raises:
        ConfigError: A setting is unknown, or has no place here.
        TrajectoryError: The dataset can't be read or written.
    """
    asked = _asked(overrides, name, verifier, num_parallel)
    results: list[Rescore] = []
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("rescoring", total=None)

        def show(result: Rescore, left: int) -> None:
            results.append(result)
            progress.update(bar, completed=len(results), total=len(results) + left)

        failed = rescore(dataset, asked, show)
    _report(console, results, asked, dataset)
    return int(failed > 0)


def _asked(overrides: list[str], name: str | None, verifier: Whose, num_parallel: int | None) -> Rescoring:
    keys = [override.lstrip("+~").partition("=")[0].split(".")[0] for override in overrides]
    for key in keys:
        if key not in _KEYS:
            raise ConfigError(f"rescore takes {', '.join(f'{known}=...' for known in _KEYS)}, not {key!r}", field=key)
    config = load_config(overrides)
    given: object = config.reward or []
    rewards = cast("list[Reward]", given if isinstance(given, list) else [given])
    more = {} if num_parallel is None else {"num_parallel": num_parallel}
    return Rescoring(
        rewards=tuple(rewards),
        name=name,
        verifier=verifier,
        task=config.task if "task" in keys else None,
        sandbox=config.sandbox if "sandbox" in keys else None,
        **more,
    )


def _report(console: Console, results: list[Rescore], asked: Rescoring, dataset: str) -> None:
    there = [result.episode_return for result in results if result.episode_return is not None]
    mean = f", mean return {sum(there) / len(there):.3f}" if there else ""
    others = [result for result in results if result.episode_return is None]
    if others:
        table = Table("episode", "no return, since", box=None)
        for result in others[:_REASONS_SHOWN]:
            table.add_row(one_line(result.episode_id), one_line(result.reason or ""))
        console.print(table)
    text = (
        f"rescored {len(results)} episodes as {asked.names()!r}: {len(there)} have a return{mean}; "
        f"{len(others)} have none\nload_dataset({dataset!r}).rescored({asked.names()!r})"
    )
    console.print(text, markup=False, highlight=False, soft_wrap=True)
