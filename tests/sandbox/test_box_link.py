"""A box's main command and the host's end of it, without a VM: in a pid namespace, over pipes that carry text."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil
import pytest

from claudebox_rl.errors import ConfigError, SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox._box import carry, pulse
from claudebox_rl.sandbox._box.link import BoxLink
from claudebox_rl.sandbox._box.linked import LinkedSandbox
from claudebox_rl.sandbox._box.main import main_command
from claudebox_rl.sandbox._local.bwrap_find import find_bwrap
from claudebox_rl.sandbox._local.bwrap_options import python
from claudebox_rl.sandbox._supervised import frames
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.sandbox.spec import SandboxSpec

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pid namespaces are Linux's")


@dataclass
class Text:
    """BoxLite's output streams: text in pieces, whatever the bytes were."""

    source: asyncio.StreamReader

    def __aiter__(self) -> Text:
        return self

    async def __anext__(self) -> str:
        data = await self.source.read(1024)
        if not data:
            raise StopAsyncIteration
        return data.decode("utf-8", "replace")


@dataclass
class Ended:
    exit_code: int
    error_message: str | None = None


@dataclass
class Execution:
    process: asyncio.subprocess.Process

    def stdin(self) -> Execution:
        return self

    def stdout(self) -> Text:
        assert self.process.stdout
        return Text(self.process.stdout)

    def stderr(self) -> Text:
        assert self.process.stderr
        return Text(self.process.stderr)

    async def wait(self) -> Ended:
        return Ended(await self.process.wait())

    async def send_input(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        await self.process.stdin.drain()


async def start_main(arguments: list[str]) -> Execution:
    """Start Python with `arguments` as the main command of what is a box in all but its kernel."""
    options = [
        "--unshare-user",
        "--unshare-pid",
        "--unshare-net",
        "--as-pid-1",
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
    ]
    options += ["--dev", "/dev", "--tmpfs", "/run", "--die-with-parent", "--cap-drop", "ALL"]
    options += ["--", python(), *arguments]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        find_bwrap(), *options, stdin=pipe, stdout=pipe, stderr=pipe, env={"PATH": os.defpath, "FROM_IMAGE": "yes"}
    )
    return Execution(process)


class Piped(LinkedSandbox):
    """A sandbox whose box is a namespace: BoxliteSandbox's own way from the main command up."""

    name = "piped"
    capabilities = BoxliteSandbox.capabilities
    fork = BoxliteSandbox.fork

    async def _boot(self) -> None:
        execution = await start_main(main_command((), user=None, has_network=False)[1:])
        self.process = execution.process
        self._held.push_async_callback(self.process.wait)
        self._held.callback(self.process.stdin.close)
        await self._connect(execution)


@asynccontextmanager
async def piped(spec: SandboxSpec | None = None) -> AsyncIterator[Piped]:
    async with Piped(spec) as sandbox:
        yield sandbox


async def test_output_survives_byte_for_byte() -> None:
    async with piped() as sandbox:
        result = await sandbox.exec(["printf", "\\377\\376\\000abc\\n\\303"], cwd="/")
    assert result.stdout == b"\xff\xfe\0abc\n\xc3"
    assert result.exit_code == 0


async def test_much_goes_both_ways() -> None:
    sent = os.urandom(3 << 20)
    async with piped() as sandbox:
        back = await sandbox.exec(["cat"], stdin=sent, cwd="/")
    assert hashlib.sha256(back.stdout).digest() == hashlib.sha256(sent).digest()


async def test_the_images_variables_are_the_commands() -> None:
    async with piped(SandboxSpec(env={"MINE": "1"})) as sandbox:
        result = await sandbox.exec(["sh", "-c", "echo $FROM_IMAGE $MINE $HOME"], cwd="/")
    assert result.text == "yes 1 /home/agent\n"


async def test_many_commands_at_once() -> None:
    async with piped() as sandbox:
        runs = (sandbox.exec(["sh", "-c", f"head -c 300000 /dev/zero; exit {n}"], cwd="/") for n in range(12))
        results = await asyncio.gather(*runs)
    assert [result.exit_code for result in results] == list(range(12))
    assert all(len(result.stdout) == 300000 for result in results)


async def test_process_1_can_not_be_ended_from_inside() -> None:
    async with piped() as sandbox:
        script = "for s in KILL TERM INT HUP USR1 USR2 ALRM; do kill -$s 1; done; kill -KILL -1; sleep 1"
        await sandbox.exec(["sh", "-c", script], cwd="/", timeout_s=5)
        assert (await sandbox.exec(["true"], cwd="/")).exit_code == 0


async def test_only_the_exposed_port_is_reached() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"got " + await reader.read())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    other = await asyncio.start_server(serve, "127.0.0.1", 0)
    port, hidden = (each.sockets[0].getsockname()[1] for each in (server, other))
    dial = "import socket,sys; s=socket.create_connection(sys.argv[1].rsplit(':')); s.sendall(b'x'*200000); "
    dial += "s.shutdown(1); print(len(b''.join(iter(lambda: s.recv(65536), b''))))"
    async with server, other, piped() as sandbox:
        address = await sandbox.expose_host_port(port)
        assert await sandbox.expose_host_port(port) == address
        first, second = await asyncio.gather(
            *(sandbox.exec([python(), "-c", dial, address], cwd="/") for _ in range(2))
        )
        refused = await sandbox.exec([python(), "-c", dial, f"127.0.0.1:{hidden}"], cwd="/")
    assert first.text == second.text == "200004\n"
    assert b"ConnectionRefusedError" in refused.stderr


async def test_a_port_without_a_server_hangs_up() -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    dial = "import socket,sys; s=socket.create_connection(sys.argv[1].rsplit(':'))\ntry: print(s.recv(1))\n"
    dial += "except ConnectionResetError: print(b'')"
    async with piped() as sandbox:
        address = await sandbox.expose_host_port(port)
        result = await sandbox.exec([python(), "-c", dial, address], cwd="/", timeout_s=20)
    assert result.text == "b''\n"


async def test_files_go_from_box_to_box_without_being_looked_into() -> None:
    """Modes, links and holes too; each of these boxes has a /run of its own."""
    make = "mkdir -p /run/f/deep && cd /run/f && echo x > deep/file && chmod 750 deep/file && ln -s /etc/passwd out"
    make += " && ln deep/file second && truncate -s 1G hole"
    look = "cd /run/f && stat -c %a deep/file && stat -c %h second && readlink out && stat -c %s hole && cat second"
    async with piped() as one, piped() as other:
        assert (await one.exec(["sh", "-ec", make], cwd="/")).exit_code == 0
        with tempfile.TemporaryFile() as archive:
            await carry.pack(one._live(), ["/run/f"], one._env, archive)
            size = os.fstat(archive.fileno()).st_size
            await carry.unpack(other._live(), archive, other._env)
        seen = await other.exec(["sh", "-ec", look], cwd="/")
    assert seen.text == "750\n2\n/etc/passwd\n1073741824\nx\n", seen.stderr.decode()
    assert size < 1 << 20


async def test_files_that_can_not_go_are_a_start_error() -> None:
    async with piped() as sandbox:
        with tempfile.TemporaryFile() as archive:
            with pytest.raises(SandboxStartError, match=r"pack.*no-such-folder"):
                await carry.pack(sandbox._live(), ["/run/no-such-folder"], sandbox._env, archive)
            archive.seek(0)
            archive.write(b"no archive" * 1000)
            archive.flush()
            with pytest.raises(SandboxStartError, match="unpack"):
                await carry.unpack(sandbox._live(), archive, sandbox._env)


async def test_a_box_that_hangs_is_noticed_though_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "_EVERY_S", 0.05)
    monkeypatch.setattr(frames, "_REPLY_S", 0.5)
    async with piped() as sandbox:
        await asyncio.sleep(0.3)
        sandbox.process.send_signal(signal.SIGSTOP)
        for child in children_of(sandbox.process.pid):
            os.kill(child, signal.SIGSTOP)
        await asyncio.sleep(1.5)
        with pytest.raises(SandboxUnavailableError, match="did not answer"):
            await sandbox.exec(["true"], cwd="/")
        for pid in [sandbox.process.pid, *children_of(sandbox.process.pid)]:
            os.kill(pid, signal.SIGCONT)


def children_of(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


async def test_a_box_that_dies_is_unavailable() -> None:
    async with piped() as sandbox:
        async with await sandbox.open_exec(["sleep", "60"], cwd="/") as stream:
            sandbox.process.send_signal(signal.SIGKILL)
            with pytest.raises(SandboxUnavailableError):
                await stream.wait()
        with pytest.raises(SandboxUnavailableError):
            await sandbox.exec(["true"], cwd="/")


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('no such thing')", r"ended at once: no such thing \(exit code 1\)"),
        ("print('hello')", "not the supervisor: 'hello'"),
        ("print('[1]')", "not the supervisor"),
    ],
)
async def test_another_main_command_is_a_start_error(program: str, said: str) -> None:
    execution = await start_main(["-c", program])
    link = BoxLink(execution, on_end=lambda reason: None)
    with pytest.raises(SandboxStartError, match=said):
        await link.open()
    await link.close()
    await execution.process.communicate()


@pytest.mark.parametrize("line", ["'###'", "'////////////'", "'A' * 200000"])
async def test_a_main_command_that_breaks_the_protocol_is_cut_off(line: str) -> None:
    program = f"import time; print('{{\"env\": {{}}}}'); print({line}, flush=True); time.sleep(9)"
    execution = await start_main(["-c", program])
    ended = asyncio.get_running_loop().create_future()
    link = BoxLink(execution, on_end=ended.set_result)
    _, control = await link.open()
    assert "broke the protocol" in await ended
    control.close()
    await link.close()
    execution.process.kill()
    await execution.process.communicate()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"cpus": 0.5}, "cpus"),
        ({"memory_mib": 16}, "memory_mib"),
        ({"max_processes": 7}, "max_processes"),
        ({"image": "/nowhere"}, "OCI layout"),
        ({"env": {"A=B": "1"}}, "A=B"),
    ],
)
def test_what_a_box_can_not_be_is_refused(fields: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        BoxliteSandbox(SandboxSpec(**fields))
