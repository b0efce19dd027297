"""An agent of any skill between the solution and nothing, to measure how hard tasks are and what rewards tell apart."""

from __future__ import annotations

import asyncio
import hashlib
import math
import random
import tempfile
from dataclasses import replace
from pathlib import Path

from claudebox_rl.agent.base import PromptOptions
from claudebox_rl.agent.edits import partly
from claudebox_rl.agent.oracle import OracleAgent
from claudebox_rl.config import AgentConfig
from claudebox_rl.errors import ConfigError, SandboxError
from claudebox_rl.types import CodeResult


class CarelessAgent(OracleAgent):
    """Runs the solution, and takes back each of its edits with the probability `error_rate`, each by itself.

    What is taken back follows from the episode's seed and the solution, and only grows from rate to rate. Edits are
    those of regular files below the working directory (see `edits.partly`); what a solution does elsewhere stays done.
    """

    name = "careless"

    @classmethod
    def check(cls, config: AgentConfig) -> None:
        """Refuse a rate that is none."""
        if not (math.isfinite(config.error_rate) and 0 <= config.error_rate <= 1):
            raise ConfigError(f"agent.error_rate must be from 0 to 1, not {config.error_rate}", field="error_rate")

    async def prompt(self, text: str, options: PromptOptions) -> CodeResult:
        """Run the solution, then take edits back; the prompt's text is not read.

        Raises:
            SandboxError: The working directory can't be read or written.
            SandboxUnavailableError: The machine died.
        """
        before = await self._files()
        result = await super().prompt(text, options)
        after = await self._files()
        dice, done = self._dice(), list[bool]()

        def is_done() -> bool:
            done.append(dice.random() >= self.context.config.error_rate)
            return done[-1]

        await self._change(after, partly(before, after, is_done))
        left_out = len(done) - sum(done)
        return replace(result, response=f"{result.response}\nLeft out {left_out} of {len(done)} edits.".lstrip())

    def _dice(self) -> random.Random:
        """Return dice of the episode and the task: many tasks are played with one seed, and are not to fail as one."""
        if self.context.seed is None:
            return random.Random()
        solution = hashlib.sha256(repr(sorted(self.context.solution.items())).encode()).hexdigest()
        return random.Random(f"careless {self.context.seed} {solution}")

    async def _files(self) -> dict[str, bytes]:
        """Return the regular files of the working directory: path below it -> content."""
        with tempfile.TemporaryDirectory(prefix="claudebox-careless-") as folder:
            await self.context.sandbox.copy_out(self.context.cwd, Path(folder))
            return await asyncio.to_thread(_read, Path(folder))

    async def _change(self, now: dict[str, bytes], wanted: dict[str, bytes]) -> None:
        sandbox, cwd = self.context.sandbox, self.context.cwd
        for path, content in wanted.items():
            if now.get(path) != content:
                await sandbox.write_file(f"{cwd}/{path}", content)
        if gone := sorted(now.keys() - wanted.keys()):
            removed = await sandbox.exec(["rm", "-f", "--", *gone], cwd=cwd, timeout_s=60)
            if removed.exit_code != 0:
                raise SandboxError(f"can't remove {gone}: {removed.stderr.decode('utf-8', 'replace')}")


def _read(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
