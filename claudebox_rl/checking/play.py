"""One player plays one task, in a session of its own, and is judged."""

from __future__ import annotations

import logging
import shlex
import time
from dataclasses import dataclass, replace

from claudebox_rl.checking.player import Player, Role
from claudebox_rl.config import AgentConfig, SandboxConfig
from claudebox_rl.errors import ClaudeBoxError, VerifierError
from claudebox_rl.session.box import ClaudeBox
from claudebox_rl.tasks import Task
from claudebox_rl.types import CodeResult

log = logging.getLogger(__name__)
SCRIPT_TIMEOUT_S = 60.0
_NOTHING_TO_TRY = 77
_KEPT_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Play:
    """What one player came to on one task."""

    task_id: str
    player: str
    role: Role
    reward: float | None = None
    """None where there was no verdict, or nothing to try."""
    skipped: bool = False
    """The player found nothing to try in this task; `why` says what was missing."""
    why: str = ""
    """Without a reward: the reason."""
    failed: str = ""
    """How the player's own script failed; empty where it did not."""
    output: str = ""
    """The end of what the verifier printed."""
    duration_s: float = 0.0

    @property
    def gain(self) -> float:
        """The reward as a cheat would count it: no verdict is none."""
        return self.reward or 0.0


async def play(task: Task, player: Player, sandbox: SandboxConfig) -> Play:
    """Play and judge once, at each checkpoint that is reached.

    What fails by the machine is played once more, and is a play without a reward then.

    Raises:
        asyncio.CancelledError: After the machine was ended.
    """
    played = Play(task.task_id, player.name, player.role)
    started = time.monotonic()
    for _ in range(2):
        try:
            played = await _play(played, task, player, sandbox)
            break
        except VerifierError as error:
            played = replace(played, why=f"no verdict: {error}"[:_KEPT_CHARS])
            break
        except ClaudeBoxError as error:
            log.debug("%s on %s: %s", player.name, task.task_id, error)
            played = replace(played, why=f"{type(error).__name__}: {error}"[:_KEPT_CHARS])
    return replace(played, duration_s=time.monotonic() - started)


async def _play(played: Play, task: Task, player: Player, sandbox: SandboxConfig) -> Play:
    limit_s = SCRIPT_TIMEOUT_S if player.agent == "shell" else None
    agent = AgentConfig(name=player.agent, error_rate=player.error_rate)
    async with ClaudeBox(
        task, agent=agent, model="nop", sandbox=sandbox, enable_logging=False, seed=player.seed
    ) as box:
        reward, here = 0.0, task
        while True:
            result = await box.code(_prompt(here, player), max_turns=None, timeout_s=limit_s)
            if result.exit_code == _NOTHING_TO_TRY and player.agent == "shell":
                return replace(played, skipped=True, why=result.response.strip().rpartition("\n")[2])
            coming = here.next_checkpoint()
            verdict = await (box.judge_checkpoint() if coming else box.verify())
            goes_on = coming is not None and here.is_passed(verdict.rewards)
            reward += verdict.reward * here.share(is_last=not goes_on)
            if coming is None or not goes_on:
                break
            await box.begin_checkpoint(here := coming)
    output = verdict.output[-_KEPT_CHARS:]
    return replace(played, reward=reward, why="", failed=_failure(result), output=output)


def _prompt(task: Task, player: Player) -> str:
    """What the agent is told: scripts find the instruction in a variable, as they know no other."""
    if player.agent != "shell":
        return task.instruction
    return f"export INSTRUCTION={shlex.quote(task.instruction)}\n{player.script}"


def _failure(result: CodeResult) -> str:
    if result.success:
        return ""
    printed = result.action_log[-1].output.strip() if result.action_log else ""
    return f"{result.error}; it printed: {printed[-500:] or 'nothing'}"
