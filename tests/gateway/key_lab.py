"""A search for the real key, everywhere that an episode leaves something, while it is played and after."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import stat
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from claudebox_rl.gateway.api_errors import error_object
from claudebox_rl.gateway.messages import (
    assistant_message,
    encode_event,
    message_events,
    text_block,
    tool_use_block,
)

PROBE = """
from glob import glob
import json, os, stat, sys
needles = {"key": "KEY1" "KEY2", "canary": sys.argv[1]}
found = {name: [] for name in needles}
unread = []
def look(place):
    try:
        data = open(place, "rb").read()
    except OSError:
        unread.append(place)
        return
    for name, needle in needles.items():
        if needle.encode() in data:
            found[name].append(place)
for place in (*glob("/proc/[0-9]*/environ"), *glob("/proc/[0-9]*/cmdline")):
    look(place)
for top, folders, names in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(top, name) not in ("/proc", "/sys", "/dev")]
    for place in (os.path.join(top, name) for name in names):
        status = os.lstat(place)
        if stat.S_ISREG(status.st_mode) and status.st_ctime >= SINCE:
            look(place)
print(json.dumps({**found, "unread": unread}))
"""
"""What the agent runs: looks for the key, and a canary, in all processes and in all files that changed since SINCE."""


@dataclass
class Trap:
    """The key, a canary that the search must find, and the time before which neither can have been written."""

    key: str = field(default_factory=lambda: f"sk-ant-api03-{secrets.token_urlsafe(70)}-AA")
    canary: str = field(default_factory=lambda: f"canary-{secrets.token_hex(16)}")
    since: float = field(default_factory=lambda: time.time() - 2)

    def command(self) -> str:
        """Return the agent's command. Whole, neither value stands in it."""
        half = len(self.key) // 2
        probe = PROBE.replace("KEY1", self.key[:half]).replace("KEY2", self.key[half:])
        probe = probe.replace("SINCE", str(self.since))
        one, two = self.canary[:20], self.canary[20:]
        return (
            f"one={one} two={two}; echo $one$two > canary.txt; "
            f"CANARY=$one$two python3 - $one$two <<'PROBE'\n{probe}PROBE"
        )


async def _read(reader: asyncio.StreamReader) -> tuple[str, dict[str, Any]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-length:"))
    return head, json.loads(await reader.readexactly(int(length)))


@contextlib.asynccontextmanager
async def real_api(trap: Trap, heads: list[str], in_the_middle: Callable[[], None]) -> AsyncIterator[int]:
    """Serve the Messages API: an error that tells the key, then the probe, then a text; yield the port.

    `in_the_middle` is called while the agent waits for the last answer.
    """

    def answer(request: dict[str, Any]) -> tuple[str, bytes]:
        if len(heads) == 1:
            # The gateway passes this status on, and the CLI tries again.
            return "504 Oops", json.dumps(error_object(504, f"the key {trap.key} met an error")).encode()
        said = json.dumps(request["messages"])
        if "toolu_probe" in said:
            in_the_middle()
            block = text_block("done")
        else:
            block = tool_use_block("toolu_probe", "Bash", {"command": trap.command(), "timeout": 100_000})
        return "200 OK", b"".join(map(encode_event, message_events(assistant_message(request, [block]))))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, request = await _read(reader)
        heads.append(head)
        status, body = answer(request)
        kind = "text/event-stream" if status == "200 OK" else "application/json"
        lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", f"content-length: {len(body)}", f"x-key: {trap.key}"]
        writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def commands_with(needle: str) -> list[str]:
    """Return the command lines of this host's processes that hold a value."""
    found: list[str] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            found += [line for line in [" ".join(process.cmdline())] if needle in line]
    return found


def environments_below(pid: int) -> dict[str, Mapping[str, str]]:
    """Return the environments of the machines' processes that a process started, by command and number."""
    machines = [each for each in psutil.Process(pid).children(recursive=True) if each.name() == "bwrap"]
    found: dict[str, Mapping[str, str]] = {}
    for process in {one for machine in machines for one in [machine, *machine.children(recursive=True)]}:
        with contextlib.suppress(psutil.Error):
            found[f"{' '.join(process.cmdline())} ({process.pid})"] = process.environ()
    return found


def files_with(needle: str, *folders: Path) -> list[str]:
    """Return the files below folders of the host that hold a value; no link is followed."""
    found: list[str] = []
    for folder in folders:
        for top, _, names in os.walk(folder):
            found += [place for place in (f"{top}/{name}" for name in names) if _holds(place, needle.encode())]
    return found


def _holds(place: str, needle: bytes) -> bool:
    # A machine that is at work makes and removes files all the time.
    with contextlib.suppress(FileNotFoundError):
        return stat.S_ISREG(os.lstat(place).st_mode) and needle in Path(place).read_bytes()
    return False
