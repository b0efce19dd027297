"""Limits hold, and a sandbox outlives whoever tries them; users are those inside."""

from __future__ import annotations

import asyncio
import os
import time

from claudebox_rl.errors import ConfigError
from claudebox_rl.testing.sandbox_lab import Lab, NotHereError, check, expect, in_shell

_MIB = 1 << 20
_HOG = 'head -c "$1" /dev/zero | tail'
"""tail(1) keeps a last line without an end, however long."""
_FILL = (
    'cd "$1" && i=0 && while head -c 8388608 /dev/zero > fill-$i; do i=$((i+1)); sleep 0.05; done; rm -f fill-*; exit 9'
)


@check("shell", "memory_mib")
async def memory_hog_is_ended(lab: Lab) -> None:
    """A command that takes more than `memory_mib` fails, the kernel's account stays below, and the machine goes on."""
    async with lab.fresh(memory_mib=256) as sandbox:
        async with lab.promptly("a memory hog"):
            result = await sandbox.exec(in_shell(_HOG, str(1500 * _MIB)), output_cap_bytes=1000)
        expect(result.exit_code != 0 or len(result.stdout) < 1000, "no success", result)
        peak = (await sandbox.metrics()).memory_peak_bytes or 0
        if "memory_mib" in lab.capabilities.hard_limits:
            expect(peak <= 1.1 * 256 * _MIB, "no more than the limit, accounts being what they are", peak)
        expect((await sandbox.exec(["echo", "on"])).stdout == b"on\n", "a machine that goes on")


@check("shell", "memory_mib")
async def memory_is_of_all_processes_together(lab: Lab) -> None:
    """Eight commands, each within `memory_mib`, can't hold more than it together."""
    async with lab.fresh(memory_mib=256) as sandbox:
        hogs = (sandbox.exec(in_shell(_HOG + " | wc -c", str(100 * _MIB))) for _ in range(8))
        async with lab.promptly("eight memory hogs", patience_s=3 * lab.patience_s):
            await asyncio.gather(*hogs)
        peak = (await sandbox.metrics()).memory_peak_bytes or 0
        most = 282 if "memory_mib" in lab.capabilities.hard_limits else 700
        expect(peak <= most * _MIB, f"no more than {most} MiB together", peak)
        expect((await sandbox.exec(["echo", "on"])).stdout == b"on\n", "a machine that goes on")


@check("shell", "cpus")
async def processor_time_is_held(lab: Lab) -> None:
    """Three busy commands get no more processor time than one CPU gives."""
    if (os.cpu_count() or 1) < 2:
        raise NotHereError("this host has one CPU")
    async with lab.fresh(cpus=1) as sandbox:
        before, started = await sandbox.metrics(), time.monotonic()
        busy = (sandbox.exec(in_shell("while :; do :; done"), timeout_s=lab.patience_s / 5) for _ in range(3))
        await asyncio.gather(*busy)
        used_s = ((await sandbox.metrics()).cpu_s or 0) - (before.cpu_s or 0)
        took_s = time.monotonic() - started
    expect(used_s <= 1.15 * took_s, f"at most {took_s:.1f} s", used_s)


@check("shell", "disk_mib")
async def disk_is_bounded(lab: Lab) -> None:
    """A command that fills the workspace is ended or gets an error, and the files hold no more than twice the limit."""
    limit_mib = 64
    try:
        lab.make(lab.spec_with(disk_mib=limit_mib))
    except ConfigError:
        limit_mib = 1024
    async with lab.fresh(disk_mib=limit_mib) as sandbox:
        watched = asyncio.create_task(sandbox.exec(in_shell(_FILL, sandbox.root + "/workspace")))
        most = 0
        async with lab.promptly("filling the disk", patience_s=5 * lab.patience_s):
            while not watched.done():
                most = max(most, (await sandbox.metrics()).disk_bytes)
                await asyncio.sleep(lab.short_s / 5)
        expect(watched.result().exit_code != 0, "no success", watched.result())
        expect(most <= 2 * limit_mib * _MIB, f"no more than {2 * limit_mib} MiB", most)


@check("shell", "users")
async def commands_run_as_the_user_that_is_asked_for(lab: Lab) -> None:
    """`user` by name or number is who the command is, and what others keep to themselves is closed to it."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.write_file(f"{spot}/own", b"mine", mode=0o600)
    for user in ("nobody", "65534"):
        result = await sandbox.exec(in_shell('id -un; cat "$1/own"; cat /proc/self/status', spot), user=user)
        expect(
            result.stdout.startswith(b"nobody\n") and b"mine" not in result.stdout, "nobody, who reads nothing", result
        )
        expect(b"CapEff:\t0000000000000000" in result.stdout, "no capabilities", result)
    unknown = await sandbox.exec(["true"], user="no-such-user")
    expect(unknown.exit_code == 126 and b"no-such-user" in unknown.stderr, "126 and a word about the user", unknown)


@check("shell", "users")
async def user_of_the_spec_is_every_command_s(lab: Lab) -> None:
    """Commands run as the spec's user, in a workspace and a home folder that are its own."""
    async with lab.fresh(user="nobody") as sandbox:
        result = await sandbox.exec(in_shell('id -un; touch "$HOME/file" file && echo wrote'))
    expect(result.stdout == b"nobody\nwrote\n", "nobody, who can write", result)


@check()
async def users_that_can_not_be_had_are_refused(lab: Lab) -> None:
    """A backend whose commands run as one user refuses another by ConfigError, before anything runs."""
    if lab.capabilities.users:
        raise NotHereError("it has users")
    sandbox = await lab.sandbox()
    try:
        await sandbox.exec(["true"], user="nobody")
    except ConfigError:
        return
    raise AssertionError("user=nobody was not refused")
