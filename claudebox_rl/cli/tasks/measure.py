"""`claudebox-rl tasks measure`: how hard tasks are."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from claudebox_rl.checking import careless_players, pass_rates, write_pass_rates
from claudebox_rl.cli.tasks.chosen import chosen_tasks
from claudebox_rl.cli.tasks.progress import play_all
from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import ConfigError


def measure(
    selector: Sequence[str], *, num_episodes: int, sandbox: SandboxConfig, write: bool, console: Console
) -> int:
    """Play with players of lower and lower skill, print the share that passed, and write it down if asked to.

    Returns:
        1 where a play had no verdict, else 0.

    Raises:
        ConfigError: The number can't be, or the sandbox does not isolate.
        TaskError: A task is unknown or malformed, can't be played, or its task.toml can't be written.
        SandboxStartError: No machine can be had.
    """
    if num_episodes < 1:
        raise ConfigError(f"--episodes must be at least 1, not {num_episodes}", field="episodes")
    tasks, _ = chosen_tasks(selector, sandbox)
    players = careless_players(num_episodes)
    plays = play_all([(task, players) for task in tasks], sandbox)
    names = dict.fromkeys(player.name for player in players)
    table = Table("task", *names, box=None, header_style="bold")
    for task in tasks:
        rates = pass_rates([play for play in plays if play.task_id == task.task_id])
        table.add_row(Text(task.task_id), *(Text(f"{rates[name]:.2f}" if name in rates else "-") for name in names))
        if write:
            write_pass_rates(task, rates)
    console.print(table)
    lost = [play for play in plays if play.reward is None]
    for play in lost[:5]:
        console.print(Text(f"{play.task_id}: {play.player}: {play.why}", style="red"))
    return int(bool(lost))
