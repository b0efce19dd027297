"""A program of ours at work on files that hostile code made: it sees these, the host's /usr, and nothing else.

Whatever a name, a link or an archive's entry makes it do ends in the folders that it was given.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claudebox_rl.errors import SandboxError
from claudebox_rl.sandbox._local import bwrap_options

_KEPT_CHARS = 2000


@dataclass(frozen=True, slots=True)
class View:
    """A folder of the host and where a job sees it."""

    inside: str
    sources: tuple[Path, ...]
    """One, or those of an overlay that are to be seen as one, the lowest first; these can't be written."""
    writable: bool = False

    def options(self) -> list[str]:
        """Return bwrap's options for it."""
        if len(self.sources) == 1:
            return ["--bind" if self.writable else "--ro-bind", str(self.sources[0]), self.inside]
        lowers = [option for source in self.sources for option in ("--overlay-src", str(source))]
        return [*lowers, "--ro-overlay", self.inside]


async def run_jailed(
    bwrap: str, program: str, job: dict[str, Any], views: Sequence[View], capabilities: Sequence[str]
) -> None:
    """Run a module of `_guest` whose `main` takes a job as JSON, and wait for its end. A cancelled one is ended.

    Args:
        bwrap: Path of bubblewrap.
        program: Name of the module.
        job: What to do; anybody in the jail can read it.
        views: What it sees.
        capabilities: What it keeps of root's rights over these folders; as an ordinary user, over that user's files.

    Raises:
        SandboxError: It failed; says what it said.
        OSError: It could not be started.
    """
    options = [*bwrap_options.jail(os.geteuid() == 0), *(option for view in views for option in view.options())]
    options += [option for capability in capabilities for option in ("--cap-add", capability)]
    process = _start([bwrap, *options, "--", *bwrap_options.guest_program(program), json.dumps(job)])
    assert process.stdin is not None
    ending = asyncio.ensure_future(asyncio.to_thread(_last_words, process))
    try:
        said = await asyncio.shield(ending)
    finally:
        # What ends the program, as our death does (`_guest.lifeline`).
        process.stdin.close()
        await asyncio.shield(ending)
    if process.returncode != 0:
        text = said.decode("utf-8", "replace").strip()[-_KEPT_CHARS:]
        raise SandboxError(f"{program} failed: {text or process.returncode}")


def _start(argv: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a process whose standard input is ours alone.

    Not by asyncio, which kills a process whose making is cancelled: bwrap, killed early in its life, leaves a child
    that waits for it for ever.
    """
    return subprocess.Popen(
        argv,
        env={},
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _last_words(process: subprocess.Popen[bytes]) -> bytes:
    """Wait for the end of a process; return what it wrote to its standard error."""
    assert process.stderr is not None
    with process.stderr:
        said = process.stderr.read()
    process.wait()
    return said
