"""Processes: who ends at a deadline, who at a kill, who lives on. A daemon shows its life by adding to a file."""

from __future__ import annotations

import asyncio

from claudebox_rl.sandbox import ExecStream, Sandbox
from claudebox_rl.testing.sandbox_lab import Lab, NotHereError, check, expect, in_shell

_BEAT = 'i=0; while [ $i -lt 150 ] && [ ! -e "$1.end" ]; do echo . >> "$1" || break; i=$((i+1)); sleep 0.1; done'
"""Ends by itself after some 15 s, or with its folder, so that a backend that fails leaves nothing for long."""
_CHILD = 'sh -c "$2" sh "$1" >/dev/null 2>&1 & '
_DAEMON = '(setsid sh -c "$2" sh "$1" >/dev/null 2>&1 &); '
_STRANGER = '(env -i PATH="$PATH" setsid sh -c "$2" sh "$1" >/dev/null 2>&1 &); '


def _beating(sandbox: Sandbox, path: str, script: str) -> list[str]:
    return in_shell(script, sandbox.root + path, _BEAT)


async def _beats(sandbox: Sandbox, path: str) -> int:
    try:
        return len(await sandbox.read_file(path))
    except FileNotFoundError:
        return 0


async def _expect_life(lab: Lab, sandbox: Sandbox, path: str) -> None:
    before = await _beats(sandbox, path)

    async def has_beaten() -> bool:
        return await _beats(sandbox, path) > before

    await lab.until("the next beat of a process that is to live", has_beaten)


async def _expect_silence(sandbox: Sandbox, path: str) -> None:
    before = await _beats(sandbox, path)
    expect(before, "the process was there before")
    await asyncio.sleep(0.4)
    after = await _beats(sandbox, path)
    expect(after == before, "the process has ended", f"{after - before} more beats")


async def _need_setsid(sandbox: Sandbox) -> None:
    if (await sandbox.exec(in_shell("command -v setsid"))).exit_code != 0:
        raise NotHereError("there is no setsid inside")


async def _time_out(lab: Lab, script: str) -> None:
    sandbox, path = await lab.sandbox(), f"{await lab.spot()}/beats"
    if "setsid" in script:
        await _need_setsid(sandbox)
    async with lab.promptly("a deadline"):
        result = await sandbox.exec(_beating(sandbox, path, script), timeout_s=lab.short_s)
    expect(result.timed_out, "out of time", result)
    await _expect_silence(sandbox, path)


@check()
async def deadline_ends_a_command(lab: Lab) -> None:
    """At `timeout_s` a command is ended, and the result says so."""
    async with lab.promptly("a deadline"):
        result = await (await lab.sandbox()).exec(["sleep", "60"], timeout_s=lab.short_s / 2)
    expect(result.timed_out and result.exit_code != 0, "out of time", result)
    expect(result.duration_s >= lab.short_s / 2, "not before its time", result)


@check()
async def deadline_that_is_kept_changes_nothing(lab: Lab) -> None:
    """A command that is done in time is an ordinary result."""
    result = await (await lab.sandbox()).exec(["echo", "done"], timeout_s=60)
    expect(not result.timed_out and result.stdout == b"done\n" and result.exit_code == 0, "done", result)


@check("shell")
async def deadline_returns_what_was_printed(lab: Lab) -> None:
    """What a command printed before its deadline is in the result."""
    async with lab.promptly("a deadline"):
        result = await (await lab.sandbox()).exec(in_shell("echo out; echo err >&2; sleep 60"), timeout_s=lab.short_s)
    expect(result.timed_out and (result.stdout, result.stderr) == (b"out\n", b"err\n"), "out and err", result)


@check("shell")
async def deadline_can_not_be_ignored(lab: Lab) -> None:
    """A command that ignores every signal it can is ended all the same."""
    script = "trap '' TERM INT HUP; while :; do sleep 60; done"
    async with lab.promptly("a deadline"):
        result = await (await lab.sandbox()).exec(in_shell(script), timeout_s=lab.short_s / 2)
    expect(result.timed_out, "out of time", result)


@check("shell")
async def deadline_ends_background_children(lab: Lab) -> None:
    """At the deadline the children in the background end too."""
    await _time_out(lab, _CHILD + "sleep 60")


@check("shell")
async def deadline_ends_daemons(lab: Lab) -> None:
    """At the deadline a double-forked process in a session of its own ends too."""
    await _time_out(lab, _DAEMON + "sleep 60")


@check("shell", "isolation")
async def deadline_ends_daemons_with_a_clean_environment(lab: Lab) -> None:
    """At the deadline a daemon ends that kept nothing of its command: no parent, session or variable."""
    await _time_out(lab, _STRANGER + "sleep 60")


@check("shell")
async def deadline_spares_everything_else(lab: Lab) -> None:
    """A deadline ends neither another command nor an earlier command's background job."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    job, other = f"{spot}/job", f"{spot}/other"
    await sandbox.exec(_beating(sandbox, job, _CHILD))
    async with await sandbox.open_exec(_beating(sandbox, other, 'sh -c "$2" sh "$1"')) as stream:
        await _expect_life(lab, sandbox, other)
        result = await sandbox.exec(["sleep", "60"], timeout_s=lab.short_s / 2)
        expect(result.timed_out, "out of time", result)
        await _expect_life(lab, sandbox, job)
        await _expect_life(lab, sandbox, other)
        await stream.kill()
    await sandbox.write_file(f"{job}.end", b"")


@check("shell")
async def background_job_outlives_its_command(lab: Lab) -> None:
    """What a finished command left in the background goes on, and `kill` after the end does not touch it."""
    sandbox, path = await lab.sandbox(), f"{await lab.spot()}/beats"
    argv = _beating(sandbox, path, _CHILD + "exit 5")
    async with lab.promptly("a command with a background job"), await sandbox.open_exec(argv) as stream:
        expect((await stream.wait()).exit_code == 5, "5")
        await stream.kill()
    await _expect_life(lab, sandbox, path)
    await sandbox.write_file(f"{path}.end", b"")


@check("shell")
async def background_job_that_holds_the_output_is_not_waited_for(lab: Lab) -> None:
    """A command is over when its own process is, although a child holds its output open."""
    async with lab.promptly("a command whose child holds its output"):
        result = await (await lab.sandbox()).exec(in_shell("echo done; sleep 30 &"))
    expect((result.exit_code, result.stdout) == (0, b"done\n"), "done", result)


@check()
async def commands_run_side_by_side(lab: Lab) -> None:
    """Eight commands, written to and read from by turns, do not mix and do not wait for each other."""
    sandbox = await lab.sandbox()
    async with lab.promptly("eight commands"):
        streams = [await sandbox.open_exec(["cat"]) for _ in range(8)]
        for part in range(4):
            for number, stream in enumerate(streams):
                await stream.write_stdin(f"{number}.{part} ".encode() * 1000)
        outputs = await asyncio.gather(*(_drain(stream) for stream in streams))
    for number, output in enumerate(outputs):
        expected = b"".join(f"{number}.{part} ".encode() * 1000 for part in range(4))
        expect(output == expected, f"only what command {number} was given", output[:100])


async def _drain(stream: ExecStream) -> bytes:
    async with stream:
        await stream.close_stdin()
        return b"".join([chunk.data async for chunk in stream])


@check()
async def cancelled_command_leaves_a_usable_machine(lab: Lab) -> None:
    """Cancelling `exec` raises at once and the machine goes on."""
    sandbox = await lab.sandbox()
    task = asyncio.create_task(sandbox.exec(["sleep", "60"]))
    await asyncio.sleep(0.1)
    task.cancel()
    async with lab.promptly("a cancelled command"):
        await asyncio.wait([task])
        result = await sandbox.exec(["echo", "still here"])
    expect(task.cancelled() and result.stdout == b"still here\n", "still here", result)


@check("shell")
async def cancelled_command_ends_with_its_children(lab: Lab) -> None:
    """Cancelling `exec` ends the command and what it put in the background."""
    sandbox, path = await lab.sandbox(), f"{await lab.spot()}/beats"
    task = asyncio.create_task(sandbox.exec(_beating(sandbox, path, _CHILD + "sleep 60")))
    await _expect_life(lab, sandbox, path)
    task.cancel()
    async with lab.promptly("a cancelled command"):
        await asyncio.wait([task])
    await _expect_silence(sandbox, path)


@check()
async def kill_is_idempotent(lab: Lab) -> None:
    """`kill` ends a command, and may be called again, also after the end."""
    async with lab.promptly("killing sleep"), await (await lab.sandbox()).open_exec(["sleep", "60"]) as stream:
        await asyncio.gather(stream.kill(), stream.kill())
        await stream.kill()
        status = await stream.wait()
        expect(status.exit_code != 0 and not status.timed_out, "killed, not out of time", status)
        await stream.kill()


@check("shell")
async def kill_ends_the_whole_tree(lab: Lab) -> None:
    """`kill` ends daemons and background children too."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await _need_setsid(sandbox)
    child, daemon = f"{spot}/child", f"{spot}/daemon"
    argv = [*_beating(sandbox, child, _CHILD + _DAEMON.replace("$1", "$3") + "sleep 60"), sandbox.root + daemon]
    async with await sandbox.open_exec(argv) as stream:
        await _expect_life(lab, sandbox, child)
        await _expect_life(lab, sandbox, daemon)
        async with lab.promptly("kill"):
            await stream.kill()
    await _expect_silence(sandbox, child)
    await _expect_silence(sandbox, daemon)


@check("shell")
async def leaving_the_context_early_kills(lab: Lab) -> None:
    """A stream that is left while its command runs ends it."""
    sandbox, path = await lab.sandbox(), f"{await lab.spot()}/beats"
    async with await sandbox.open_exec(_beating(sandbox, path, _CHILD + "sleep 60")):
        await _expect_life(lab, sandbox, path)
    await _expect_silence(sandbox, path)
