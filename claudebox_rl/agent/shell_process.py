r"""One live bash in a sandbox that runs command after command, as a person's terminal does.

Directory, variables, functions and options live on in it. The directory and the exported variables are also written
into the home folder after each command, so that a shell which ended, or hung and was killed, is followed by one that
goes on there; in a fork of the sandbox too.

Host and shell speak in NUL-terminated texts: a mark that nobody can guess, then the command. When the command is done,
`\0<mark><status, three digits>\0` follows its output on both streams. What is read is trusted with nothing more: a
command that writes a mark itself deceives whoever gave it, about itself.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from claudebox_rl.sandbox import ExecStream, Sandbox

OUTPUT_CAP_BYTES = 64 << 10
_STATUS_DIGITS = 3
_TIMED_OUT = 124  # as timeout(1) has it
_CUT = "\n[claudebox_rl: output cut at the cap]\n"
_LOOP = r"""
__claudebox_state=$HOME/.claudebox-shell
if [ -f "$__claudebox_state" ]; then unset -v $(compgen -e) 2>/dev/null; . "$__claudebox_state"; fi
exec {__claudebox_out}>&1 {__claudebox_err}>&2
while IFS= builtin read -r -d '' __claudebox_mark && IFS= builtin read -r -d '' __claudebox_command; do
  builtin eval "$__claudebox_command" </dev/null >&$__claudebox_out 2>&$__claudebox_err
  builtin printf -v __claudebox_mark '%s%03d' "$__claudebox_mark" $?
  { builtin declare -px; builtin printf 'cd -- %q\n' "$PWD"; } 2>/dev/null >| "$__claudebox_state"
  builtin printf '\0%s\0' "$__claudebox_mark" >&$__claudebox_out
  builtin printf '\0%s\0' "$__claudebox_mark" >&$__claudebox_err
done
"""


@dataclass(frozen=True, slots=True)
class ShellOutput:
    """What one command gave."""

    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0
    """124 where the command was ended at its deadline; the shell's own where the command ended the shell."""
    timed_out: bool = False
    is_cut: bool = False
    """Output beyond the cap was dropped; the kept part ends with a line that says so."""
    duration_s: float = 0.0


class ShellProcess:
    """Runs commands one after another; the shell is started with the first one, and again after it ended.

    Args:
        sandbox: Where.
        cwd: Where the first shell begins.
        env: Variables, over the sandbox's.
        output_cap_bytes: Kept of each stream of a command.
    """

    def __init__(
        self, sandbox: Sandbox, cwd: str, env: Mapping[str, str], output_cap_bytes: int = OUTPUT_CAP_BYTES
    ) -> None:
        self._sandbox, self._cwd, self._env = sandbox, cwd, env
        self._cap_bytes = output_cap_bytes
        self._live: _Live | None = None

    async def run(self, command: str, timeout_s: float) -> ShellOutput:
        """Run one command to its end; a failure is a result.

        Its standard input is empty. What it leaves in the background lives on with the shell, and what that prints
        stands at the head of a later command's output. One command at a time.

        Raises:
            SandboxUnavailableError: The machine is not running, or died.
        """
        if "\0" in command:
            return ShellOutput(stderr="bash: a command can't hold a NUL\n", exit_code=126)
        started = time.monotonic()
        outputs = {"stdout": _Output(self._cap_bytes), "stderr": _Output(self._cap_bytes)}
        timed_out = False
        try:
            async with asyncio.timeout(timeout_s):
                live = self._live = self._live or await self._start()
                exit_code = await live.run(command, outputs)
            if live.has_ended:
                self._live = None
        except TimeoutError:
            await self.close()
            exit_code, timed_out = _TIMED_OUT, True
        except BaseException:
            await self.close()
            raise
        out, err = outputs["stdout"], outputs["stderr"]
        took_s = time.monotonic() - started
        return ShellOutput(out.text(), err.text(), exit_code, timed_out, out.is_cut or err.is_cut, took_s)

    async def close(self) -> None:
        """End the shell and every process that it started. Idempotent."""
        live, self._live = self._live, None
        if live is not None:
            await asyncio.shield(live.kill())

    async def _start(self) -> _Live:
        return _Live(await self._sandbox.open_exec(["bash", "-c", _LOOP], env=self._env, cwd=self._cwd))


class _Live:
    """One bash, from its start to its end."""

    def __init__(self, stream: ExecStream) -> None:
        self._stream, self._chunks = stream, aiter(stream)
        self._rest = {"stdout": b"", "stderr": b""}
        """What came after the last command's mark."""
        self.has_ended = False

    async def run(self, command: str, outputs: Mapping[str, _Output]) -> int:
        """Run a command, and return its status, or the shell's where that ended."""
        mark = secrets.token_hex(16)
        for name, output in outputs.items():
            output.begin(mark.encode(), self._rest[name])
        with suppress(BrokenPipeError):  # it has ended; what it said is still to be read
            await self._stream.write_stdin(f"{mark}\0{command}\0".encode("utf-8", "replace"))
        try:
            while not all(output.is_done for output in outputs.values()):
                chunk = await anext(self._chunks)
                outputs[chunk.stream].add(chunk.data)
        except StopAsyncIteration:
            self.has_ended = True
            return (await self._stream.wait()).exit_code
        self._rest = {name: output.rest for name, output in outputs.items()}
        return outputs["stdout"].status

    async def kill(self) -> None:
        await self._stream.kill()


class _Output:
    """What one command printed on one stream: all before the mark."""

    def __init__(self, cap_bytes: int) -> None:
        self._kept = bytearray()
        self._room = cap_bytes
        self._mark = self._unread = b""
        self.is_done = self.is_cut = False
        self.status = 0
        self.rest = b""

    def begin(self, mark: bytes, rest: bytes) -> None:
        """Expect this mark, after what the last command left unread."""
        self._mark = b"\0" + mark
        self.add(rest)

    def add(self, data: bytes) -> None:
        """Take a piece of the stream, which may end in the middle of the mark."""
        if self.is_done:
            self.rest += data
            return
        self._unread += data
        place, length = self._unread.find(self._mark), len(self._mark) + _STATUS_DIGITS + 1
        if place < 0:
            self._keep(max(len(self._unread) - length, 0))
        elif len(self._unread) >= place + length:
            self.status = _status(self._unread[place + len(self._mark) : place + length - 1])
            self.rest = self._unread[place + length :]
            self._keep(place)
            self._unread, self.is_done = b"", True

    def text(self) -> str:
        """Return what was kept, with a line at its end where something was dropped."""
        if not self.is_done:
            self._keep(len(self._unread))
        return self._kept.decode("utf-8", "replace") + (_CUT if self.is_cut else "")

    def _keep(self, count: int) -> None:
        self.is_cut = self.is_cut or count > self._room
        self._kept += self._unread[: min(count, self._room)]
        self._room -= min(count, self._room)
        self._unread = self._unread[count:]


def _status(digits: bytes) -> int:
    return int(digits) if digits.isdigit() else 255
