"""A script that judges, run to its end; then all that it started is ended, before anybody reads what it wrote."""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from collections.abc import Mapping

from claudebox_rl.sandbox._output import Kept
from claudebox_rl.sandbox.base import Sandbox
from claudebox_rl.sandbox.spec import ExecResult

OUTPUT_CAP_BYTES = 1 << 20
KILLED = 128 + 9
# The command lives on until the host ends it with everything that is younger, since what a command leaves in the
# background outlives it. Whoever prints an end of the script too early doesn't know the mark: it comes by the input.
_WRAP = 'IFS= read -r mark; bash "$1" </dev/null; printf "%s %d\\n" "$mark" "$?"; read -r mark'
_LONGEST_CODE = len(" 255\n")


async def run_script(
    sandbox: Sandbox, path: str, *, env: Mapping[str, str], cwd: str | None, user: str | None, timeout_s: float
) -> ExecResult:
    """Run `bash PATH` without input; at its end, end every process that it left behind.

    Returns:
        The result; the exit code is 137 where somebody inside ended the script's own shell.

    Raises:
        ConfigError: The backend has no such user.
        SandboxUnavailableError: The machine is gone.
    """
    started, mark = time.monotonic(), secrets.token_hex(16).encode()
    out, err = _Marked(mark), Kept(OUTPUT_CAP_BYTES)
    argv = ["sh", "-c", _WRAP, "sh", sandbox.root + path]
    async with await sandbox.open_exec(argv, env=env, cwd=cwd, user=user, timeout_s=timeout_s) as stream:
        with contextlib.suppress(BrokenPipeError):
            await stream.write_stdin(mark + b"\n")
        async for chunk in stream:
            if chunk.stream == "stderr":
                err.add(chunk.data)
            elif out.add(chunk.data):
                await stream.kill()
        status = await stream.wait()
    code = out.exit_code if out.exit_code is not None else status.exit_code or KILLED
    return ExecResult(
        code,
        out.printed(),
        err.marked(),
        status.timed_out and out.exit_code is None,
        out.kept.cut or err.cut,
        time.monotonic() - started,
    )


class _Marked:
    """What the script prints, up to the line that the wrapper adds.

    Args:
        mark: Begins that line.
    """

    def __init__(self, mark: bytes) -> None:
        self.kept = Kept(OUTPUT_CAP_BYTES)
        self.exit_code: int | None = None
        """None until the script has ended."""
        self._line = re.compile(re.escape(mark) + rb" (\d{1,3})\n")
        self._held = b""
        """May be a part of the line."""
        self._most = len(mark) + _LONGEST_CODE

    def add(self, data: bytes) -> bool:
        """Take output; say whether the script has ended with it."""
        if self.exit_code is not None:
            return False
        data = self._held + data
        if found := self._line.search(data):
            self.exit_code = int(found[1])
            self.kept.add(data[: found.start()])
            self._held = b""
            return True
        self.kept.add(data[: -self._most])
        self._held = data[-self._most :]
        return False

    def printed(self) -> bytes:
        """Return what there was of it."""
        self.kept.add(self._held)
        self._held = b""
        return self.kept.marked()
