"""What a session's machine uses: asked for, and written down after each prompt and now and then during one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from claudebox_rl.errors import SandboxError, WorkspaceError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.session.keeping.json_lines import JsonLines, read_lines
from claudebox_rl.session_types import ResourceMetrics
from claudebox_rl.types import ToolCall

SAMPLE_EVERY_S = 10.0


class Meter:
    """Measures one machine, from its start to its end.

    Args:
        sandbox: The machine.
        path: Where samples are kept; None: in memory.
    """

    def __init__(self, sandbox: Sandbox, path: Path | None = None) -> None:
        self._sandbox = sandbox
        self._file = JsonLines(path) if path is not None else None
        self._kept: list[ResourceMetrics] = []
        self._started = time.monotonic()
        self._before: dict[str, tuple[float, float]] = {}
        """When and with what processor time who asked last."""
        self._prompt_index: int | None = None
        self._num_calls = self._num_bash = 0

    def begin_prompt(self, index: int) -> None:
        """Note which prompt is at work from now on."""
        self._prompt_index = index

    def count(self, call: ToolCall) -> None:
        """Note a tool call."""
        self._num_calls += 1
        self._num_bash += call.name == "Bash"

    async def measure(self, who: str = "caller") -> ResourceMetrics:
        """Return what is used now; `cpu_percent` is since the same one asked last.

        Raises:
            SandboxUnavailableError: The machine is not running.
        """
        told = await self._sandbox.metrics()
        now = time.monotonic()
        before_at, before_s = self._before.get(who, (self._started, 0.0))
        if told.cpu_s is not None:
            self._before[who] = now, told.cpu_s
        return ResourceMetrics(
            at=time.time(),
            sandbox_id=self._sandbox.sandbox_id,
            prompt_index=self._prompt_index,
            cpu_s=told.cpu_s,
            cpu_percent=_percent(told.cpu_s, before_s, now - before_at),
            cpu_percent_life=_percent(told.cpu_s, 0.0, now - self._started),
            memory_bytes=told.memory_bytes,
            memory_peak_bytes=told.memory_peak_bytes,
            disk_bytes=told.disk_bytes,
            network_sent_bytes=told.network_sent_bytes,
            network_received_bytes=told.network_received_bytes,
            num_processes=told.num_processes,
            num_commands=told.num_commands,
            num_tool_calls=self._num_calls,
            num_bash_calls=self._num_bash,
        )

    async def sample(self) -> ResourceMetrics | None:
        """Measure and keep it; None where the machine can't tell any more."""
        try:
            metrics = await self.measure("sample")
        except SandboxError:
            return None
        if self._file is None:
            self._kept.append(metrics)
        else:
            with contextlib.suppress(WorkspaceError):  # a full disk: the history, which matters more, complains
                self._file.add(asdict(metrics))
        return metrics

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncGenerator[None]:
        """Sample now and then meanwhile."""

        async def watch() -> None:
            while True:
                await asyncio.sleep(SAMPLE_EVERY_S)
                await self.sample()

        task = asyncio.create_task(watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def samples(self) -> list[ResourceMetrics]:
        """Return those that are kept in memory."""
        return list(self._kept)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def read_samples(path: Path) -> list[ResourceMetrics]:
    """Return the samples of a session's life, oldest first.

    Raises:
        WorkspaceError: The file holds something else.
    """
    return list(_samples(read_lines(path), path))


def _samples(entries: Iterable[dict[str, Any]], path: Path) -> Iterator[ResourceMetrics]:
    known = {one.name for one in fields(ResourceMetrics)}
    for entry in entries:
        try:
            yield ResourceMetrics(**{name: value for name, value in entry.items() if name in known})
        except TypeError as error:
            raise WorkspaceError(f"{path} holds what is no sample: {error}") from error


def _percent(cpu_s: float | None, before_s: float, wall_s: float) -> float | None:
    if cpu_s is None or wall_s <= 0:
        return None
    return max(cpu_s - before_s, 0.0) / wall_s * 100
