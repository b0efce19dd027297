"""Output: apart, whole, in time, and never more than was asked for."""

from __future__ import annotations

import asyncio

from claudebox_rl.sandbox._output import CUT
from claudebox_rl.testing.sandbox_lab import Lab, check, expect, in_shell

_EIGHT_MIB = 8 << 20


@check()
async def output_and_errors_stay_apart(lab: Lab) -> None:
    """Standard output and standard error arrive each on its own."""
    sandbox = await lab.sandbox()
    printed = await sandbox.exec(["echo", "hello"])
    expect((printed.stdout, printed.stderr) == (b"hello\n", b""), "output only", printed)
    failed = await sandbox.exec(["cat", "/workspace/claudebox-no-such-file"])
    expect(failed.exit_code == 1 and not failed.stdout and failed.stderr, "errors only", failed)


@check("shell")
async def both_streams_of_one_command_stay_apart(lab: Lab) -> None:
    """A command that prints on both streams, by turns, has them told apart."""
    result = await (await lab.sandbox()).exec(in_shell("echo o1; echo e1 >&2; echo o2; echo e2 >&2"))
    expect((result.stdout, result.stderr) == (b"o1\no2\n", b"e1\ne2\n"), "o1 o2 and e1 e2", result)


@check()
async def binary_output_is_unchanged(lab: Lab) -> None:
    """Every byte value comes out as it went in; no line ends are changed."""
    data = bytes(range(256)) + b"\r\n\r\n\0\0"
    result = await (await lab.sandbox()).exec(["cat"], stdin=data)
    expect(result.stdout == data, "the same bytes", result.stdout)


@check()
async def output_beyond_the_cap_is_cut_and_says_so(lab: Lab) -> None:
    """What is over the cap is dropped, the result says so and the kept part ends with a mark."""
    result = await (await lab.sandbox()).exec(["echo", "x" * 5000], output_cap_bytes=1000)
    expect(result.truncated and result.stdout == b"x" * 1000 + CUT, "1000 bytes and the mark", result)
    expect(result.exit_code == 0 and result.stderr == b"", "else an ordinary result", result)


@check()
async def output_at_the_cap_is_whole(lab: Lab) -> None:
    """Output of exactly the cap is not cut and not marked."""
    result = await (await lab.sandbox()).exec(["echo", "x" * 999], output_cap_bytes=1000)
    expect(not result.truncated and result.stdout == b"x" * 999 + b"\n", "1000 bytes, unmarked", result)


@check("shell")
async def each_stream_has_its_own_cap(lab: Lab) -> None:
    """Only the stream that was cut is marked."""
    script = "head -c 1000 /dev/zero; head -c 1001 /dev/zero >&2"
    result = await (await lab.sandbox()).exec(in_shell(script), output_cap_bytes=1000)
    expect(result.stdout == bytes(1000), "standard output whole", result.stdout[-60:])
    expect(result.truncated and result.stderr == bytes(1000) + CUT, "standard error cut", result.stderr[-60:])


@check("shell")
async def large_output_on_both_streams_does_not_deadlock(lab: Lab) -> None:
    """8 MiB on each stream at once arrive whole."""
    script = f"head -c {_EIGHT_MIB} /dev/zero >&2 & head -c {_EIGHT_MIB} /dev/zero; wait"
    async with lab.promptly("twice 8 MiB"):
        result = await (await lab.sandbox()).exec(in_shell(script))
    sizes = (len(result.stdout), len(result.stderr))
    expect(sizes == (_EIGHT_MIB, _EIGHT_MIB) and not result.truncated, "8 MiB each", sizes)


@check("shell")
async def output_comes_while_the_command_runs(lab: Lab) -> None:
    """The first line is there long before the command ends."""
    sandbox = await lab.sandbox()
    async with lab.promptly("the first line"), await sandbox.open_exec(in_shell("echo first; sleep 60")) as stream:
        chunk = await anext(aiter(stream))
    expect((chunk.stream, chunk.data) == ("stdout", b"first\n"), "first", chunk)


@check()
async def waiting_needs_no_reader(lab: Lab) -> None:
    """`wait` returns although nobody reads the output."""
    text = "x" * 100_000
    async with lab.promptly("waiting for unread output"):
        for _ in range(3):
            async with await (await lab.sandbox()).open_exec(["echo", text]) as stream:
                expect((await stream.wait()).exit_code == 0, "0")


@check("shell")
async def waiting_drops_any_amount_of_output(lab: Lab) -> None:
    """`wait` returns although more was printed than any pipe or buffer holds."""
    sandbox = await lab.sandbox()
    argv = in_shell(f"head -c {_EIGHT_MIB} /dev/zero; exit 3")
    async with lab.promptly("waiting for 8 unread MiB"), await sandbox.open_exec(argv) as stream:
        expect((await stream.wait()).exit_code == 3, "3")


@check("shell")
async def a_reader_may_stop_reading_and_wait(lab: Lab) -> None:
    """After a reader has had enough, `wait` still returns and the rest is dropped."""
    sandbox = await lab.sandbox()
    argv = in_shell(f"head -c {_EIGHT_MIB} /dev/zero; exit 3")
    async with lab.promptly("waiting after the first chunk"), await sandbox.open_exec(argv) as stream:
        async for _ in stream:
            break
        expect((await stream.wait()).exit_code == 3, "3")


@check("shell")
async def a_slow_reader_loses_nothing(lab: Lab) -> None:
    """Output waits for its reader, also when the command has ended meanwhile."""
    sandbox, total = await lab.sandbox(), 0
    async with await sandbox.open_exec(in_shell(f"head -c {_EIGHT_MIB} /dev/zero")) as stream:
        await asyncio.sleep(lab.short_s / 2)
        async for chunk in stream:
            total += len(chunk.data)
            await asyncio.sleep(lab.short_s / 2 if total == len(chunk.data) else 0)
    expect(total == _EIGHT_MIB, "8 MiB", total)


@check()
async def duration_is_wall_time(lab: Lab) -> None:
    """`duration_s` is the time that the command took, in seconds."""
    result = await (await lab.sandbox()).exec(["sleep", "0.3"])
    expect(0.29 <= result.duration_s < lab.patience_s, "about 0.3 s", result)
