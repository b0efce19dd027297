"""A box that outlives its host, without a VM: as in `test_box_link`, and with the bridge started by nsenter(1)."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from egress_lab import World
from test_box_link import Execution, start_main
from test_box_network import WorldlyBox

from claudebox_rl.errors import SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox._box import bridge
from claudebox_rl.sandbox._box.main import main_command
from claudebox_rl.sandbox._guest.rejoin import ADDRESS, answer_to
from claudebox_rl.sandbox._local.bwrap_options import python
from claudebox_rl.sandbox._supervised.frames import Exchange
from claudebox_rl.sandbox.spec import SandboxSpec

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pid namespaces are Linux's")
KEY = secrets.token_hex()
RESTRICTED = SandboxSpec(network="restricted", allowed_hosts=("example.com",))


class Host(WorldlyBox):
    """One host of a kept box that is a namespace."""

    def __init__(self, main: Execution, spec: SandboxSpec | None = None, *, key: str = KEY) -> None:
        super().__init__(spec or SandboxSpec(), World())
        self.main, self.key = main, key
        self.way: Execution | None = None

    async def _boot(self) -> None:
        raise AssertionError("it is started by first and join")

    async def first(self) -> None:
        self.way, self._was_started = self.main, True
        await self._connect(self.main, key=self.key)
        if self.spec.network in self._proxied:
            await self._open_egress()

    async def join(self) -> None:
        self.way, self._was_started = await start_bridge(self.main), True
        await self._connect(self.way, key=self.key, is_first=False)
        await self._go_on({"env": self._env})

    async def vanish(self) -> None:
        """End as a killed process ends."""
        assert self.way
        assert self.way.process.stdin
        await self.stop()
        self.way.process.stdin.close()

    async def sh(self, script: str, **options: object) -> str:
        result = await self.exec(["sh", "-c", script], cwd="/", **options)
        return result.text.strip()


def pid_of(main: Execution) -> int:
    """Return the host's number of process 1."""
    (inside,) = psutil.Process(main.process.pid).children()
    return inside.pid


async def start_bridge(main: Execution, program: tuple[str, ...] = bridge.COMMAND[1:]) -> Execution:
    """Start a program in a box's namespaces, from outside, as BoxLite does."""
    enter = ["nsenter", "--target", str(pid_of(main)), "--user", "--preserve-credentials", "--pid", "--net", "--"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*enter, python(), *program, stdin=pipe, stdout=pipe, stderr=pipe)
    return Execution(process)


@asynccontextmanager
async def kept(spec: SandboxSpec | None = None) -> AsyncIterator[Host]:
    main = await start_main(main_command((), user=None, has_network=False, is_kept=True)[1:])
    host = Host(main, spec)
    try:
        await host.first()
        yield host
        await host.stop()
    finally:
        main.process.kill()
        await main.process.communicate()


@asynccontextmanager
async def joined(before: Host, *, key: str = KEY) -> AsyncIterator[Host]:
    host = Host(before.main, before.spec, key=key)
    try:
        await host.join()
        yield host
    finally:
        await host.vanish()
        assert host.way
        # nsenter stops with its child, and does not go on with it.
        with contextlib.suppress(ProcessLookupError):
            host.way.process.kill()
        await host.way.process.communicate()


async def test_the_next_host_finds_files_and_background_processes() -> None:
    # What ticks goes on writing to a pipe that nobody reads, far more than the pipe holds.
    tick = "while true; do echo x >> /run/tick; head -c 20000 /dev/zero; sleep 0.02; done & echo $! > /run/pid"
    look = "a=$(wc -c < /run/tick); sleep 0.3; [ $(wc -c < /run/tick) -gt $a ] && kill -0 $(cat /run/pid) && echo ticks"
    async with kept() as one:
        await one.sh(f"echo left > /run/file; {tick}")
        await one.vanish()
        await asyncio.sleep(0.5)
        async with joined(one) as other:
            assert await other.sh("cat /run/file") == "left"
            assert await other.sh(look) == "ticks"
            assert (await other.metrics()).num_commands == 3


async def test_what_was_still_read_is_ended_with_its_tree() -> None:
    async with kept() as one:
        await one.sh("sleep 1111 & echo spared")
        streams = [
            await one.open_exec(["sh", "-c", f"setsid sleep {n} & echo up; sleep {n}"], cwd="/") for n in (2222, 3333)
        ]
        for stream in streams:
            await anext(aiter(stream))
        await one.vanish()
        async with joined(one) as other:
            assert await other.sh("pgrep -f 'sleep [23]{4}'; pgrep -c -x -f 'sleep 1111'") == "1"
        with pytest.raises(SandboxUnavailableError):
            await streams[0].wait()


async def test_a_host_that_goes_in_the_middle_of_a_frame() -> None:
    async with kept() as one:
        assert one.way
        await one.way.send_input(b"\2\0\0")
        await one.vanish()
        async with joined(one) as other:
            assert await other.sh("echo on") == "on"


async def test_a_host_that_goes_while_all_is_held_still() -> None:
    async with kept() as one:
        ticking = "(while true; do echo x >> /run/tick; sleep 0.02; done) > /dev/null 2>&1 &"
        await one.sh(f"{ticking} until [ -s /run/tick ]; do sleep 0.01; done")
        with Exchange(one._live()) as exchange:
            await exchange.ask(op="still", limit_s=300.0, last=True)
        held = Path(f"/proc/{pid_of(one.main)}/root/run/tick").stat().st_size
        await one.vanish()
        async with joined(one) as other:
            await asyncio.sleep(0.3)
            assert int(await other.sh("wc -c < /run/tick")) > held


async def test_one_host_after_the_other() -> None:
    async with kept() as host:
        before = host
        for number in range(5):
            await before.vanish()
            async with joined(host) as before:
                assert await before.sh(f"echo {number} >> /run/all; wc -l < /run/all") == str(number + 1)


async def test_the_next_host_need_not_wait_for_the_end_of_the_last() -> None:
    async with kept() as one, joined(one) as other:
        assert await other.sh("echo mine") == "mine"
        with pytest.raises(SandboxUnavailableError):
            await one.sh("echo no longer")


async def test_the_proxy_is_led_anew() -> None:
    fetch = "curl -sS --max-time 10 http://example.com/x"
    async with kept(RESTRICTED) as one:
        async with one.world.up():
            assert await one.sh(fetch) == "hello"
        await one.vanish()
        async with joined(one) as other, other.world.up():
            assert await other.sh("echo $http_proxy") == "http://127.0.0.1:3128"
            assert await other.sh(fetch) == "hello"
            assert "allowed_hosts" in await other.sh("curl -sS --max-time 10 http://evil.test/")
            assert [each.host for each in other.take_refused()] == ["evil.test"]


async def test_nobody_is_led_anywhere_without_a_host() -> None:
    dial = "import socket; socket.create_connection(('127.0.0.1', 3128))"
    async with kept(RESTRICTED) as one:
        await one.sh(f'(sleep 0.7; {python()} -c "{dial}" 2>/run/said; true) > /dev/null 2>&1 &')
        await one.vanish()
        await asyncio.sleep(2)
        async with joined(one) as other:
            assert "refused" in await other.sh("cat /run/said")


async def test_commands_of_the_next_host_inherit_no_socket() -> None:
    async with kept(RESTRICTED) as one:
        await one.vanish()
        async with joined(one) as other:
            found = await other.sh("ls -l /proc/self/fd")
    assert "socket" not in found


# Who is no host


async def test_a_wrong_key_displaces_nobody_and_keeps_nobody_out() -> None:
    async with kept() as one:
        with pytest.raises(SandboxStartError):
            async with joined(one, key=secrets.token_hex()):
                raise AssertionError("not to be reached")
        assert await one.sh("echo on") == "on"
        await one.vanish()
        with pytest.raises(SandboxStartError):
            async with joined(one, key=secrets.token_hex()):
                raise AssertionError("not to be reached")
        async with joined(one) as other:
            assert await other.sh("echo on") == "on"


INTRUDE = f"""
import array, os, socket, sys
def come_in(*descriptors, data=b"1"):
    way = socket.socket(socket.AF_UNIX)
    way.connect({ADDRESS!r})
    if descriptors:
        way.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))])
    return way
"""


@pytest.mark.parametrize(
    "deed",
    [
        "way = come_in()",
        "way = come_in(); way.close()",
        "way = come_in(); way.send(b'x')",
        "way = come_in(0)",
        "way = come_in(0, 1, 2)",
        "way = come_in(*[os.open('/etc/passwd', 0)] * 2)",
        "way = come_in(os.open('/dev/zero', 0), os.open('/dev/null', 1))",
        "a, b = os.pipe(); way = come_in(a, b); os.write(b, b'x' * 32)",
        "way = [come_in() for _ in range(100)]",
        "way = [come_in(*os.pipe()) for _ in range(100)]",
    ],
)
async def test_an_intruder_changes_nothing(deed: str) -> None:
    async with kept() as one:
        run = [python(), "-c", f"{INTRUDE}\n{deed}\nprint('done', flush=True)\nimport time; time.sleep(100)"]
        intruder = await one.open_exec(run, cwd="/")
        assert (await anext(aiter(intruder))).data == b"done\n"
        assert await one.sh("echo on") == "on"
        # The intruder is inside, and silent, when the next one comes.
        async with joined(one) as other:
            assert await other.sh("echo on") == "on"


async def test_an_answer_is_good_once() -> None:
    """What an onlooker sees of one host's answer opens nothing later."""
    async with kept() as one:
        way = await start_bridge(one.main)
        assert way.process.stdout
        await way.process.stdout.readline()
        await way.send_input(answer_to(bytes.fromhex(KEY), b"c" * 32))
        assert await way.process.stdout.read() == b""
        await way.process.communicate()
        assert await one.sh("echo on") == "on"


async def test_the_key_is_nowhere_inside() -> None:
    async with kept() as one:
        await one.vanish()
        async with joined(one) as other:
            found = await other.sh(
                f"cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c {KEY}; true"
            )
            assert found in ("0", "1"), found  # the looking command itself
            assert await other.sh("cat /proc/1/environ /proc/1/maps 2>&1 >/dev/null | grep -c denied") == "2"
