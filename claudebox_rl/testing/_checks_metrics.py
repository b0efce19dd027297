"""Metrics: of what is inside, and true."""

from __future__ import annotations

from claudebox_rl.testing.sandbox_lab import Lab, check, expect, in_shell

_MIB = 1 << 20
_BURN = 'i=0; while [ $i -lt "$1" ]; do i=$((i+1)); done; times'
_LOOPS = 300_000
_REST_S = 3
_HOLD = 'x=$(head -c "$1" /dev/zero | tr "\\0" x); echo held; read -r line'


@check()
async def commands_are_counted(lab: Lab) -> None:
    """`metrics` counts commands, failed ones too, and not its own."""
    sandbox = await lab.sandbox()
    before = await sandbox.metrics()
    await sandbox.exec(["true"])
    await sandbox.exec(["/no/such/program"])
    await sandbox.metrics()
    grown = (await sandbox.metrics()).num_commands - before.num_commands
    expect(grown == 2, "two commands", grown)


@check("shell", "isolation")
async def processor_time_is_that_of_commands(lab: Lab) -> None:
    """`cpu_s` grows by what a command used, stays when it has ended, and not by what a command waits."""
    sandbox = await lab.sandbox()
    before = (await sandbox.metrics()).cpu_s
    result = await sandbox.exec(in_shell(_BURN, str(_LOOPS)))
    after = (await sandbox.metrics()).cpu_s
    # The shell's own account, "0m1.234s 0m0.012s", has a line for itself and one for its children.
    minutes, _, seconds = result.text.split()[0].rstrip("s").partition("m")
    own_s = 60 * int(minutes) + float(seconds)
    expect(before is not None and after is not None, "a number", (before, after))
    grown_s = (after or 0) - (before or 0)
    expect(0.9 * own_s <= grown_s <= 1.5 * own_s + 1, f"about {own_s} s more", grown_s)
    await sandbox.exec(["sleep", str(_REST_S)])
    rested_s = ((await sandbox.metrics()).cpu_s or 0) - (after or 0)
    expect(rested_s <= _REST_S / 2, "next to nothing for a sleep", rested_s)


@check("shell", "isolation")
async def memory_is_that_of_commands(lab: Lab) -> None:
    """`memory_bytes` shows what a command holds and lets it go; the peak remembers."""
    sandbox, held_bytes = await lab.sandbox(), 48 * _MIB
    before = (await sandbox.metrics()).memory_bytes or 0
    async with await sandbox.open_exec(in_shell(_HOLD, str(held_bytes))) as stream:
        async for chunk in stream:
            expect(chunk.data == b"held\n", "a command that holds memory", chunk)
            break

        async def seen() -> bool:
            return ((await sandbox.metrics()).memory_bytes or 0) - before >= held_bytes

        await lab.until("the memory to be seen", seen)

    async def gone() -> bool:
        return ((await sandbox.metrics()).memory_bytes or 0) - before < held_bytes

    await lab.until("the memory to be let go", gone)
    peak = (await sandbox.metrics()).memory_peak_bytes or 0
    expect(peak >= held_bytes, "a peak of no less", peak)


@check("shell")
async def disk_use_is_that_of_files(lab: Lab) -> None:
    """`disk_bytes` grows by a file in the workspace and shrinks with its end."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    before = (await sandbox.metrics()).disk_bytes
    await sandbox.exec(in_shell('head -c "$2" /dev/zero > "$1/file"; sync', sandbox.root + spot, str(5 * _MIB)))
    grown = (await sandbox.metrics()).disk_bytes - before
    expect(5 * _MIB <= grown < 6 * _MIB, "5 MiB more", grown)
    await sandbox.exec(in_shell('rm "$1/file"; sync', sandbox.root + spot))
    left = (await sandbox.metrics()).disk_bytes - before
    expect(abs(left) < _MIB, "nothing more", left)


@check("shell", "isolation")
async def processes_are_those_inside(lab: Lab) -> None:
    """`num_processes` counts what is alive inside, without the machine's own, and none when nothing runs."""
    async with lab.fresh() as sandbox:
        none = (await sandbox.metrics()).num_processes
        await sandbox.exec(in_shell("for i in 1 2 3; do sleep 60 > /dev/null 2>&1 & done"))
        three = (await sandbox.metrics()).num_processes
    expect((none, three) == (0, 3), "none, then three", (none, three))
