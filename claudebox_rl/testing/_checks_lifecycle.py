"""From `start` to `stop`: what a machine refuses, what it keeps, and what it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from claudebox_rl.errors import ConfigError, SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox import Mount, Sandbox, Secret
from claudebox_rl.sandbox.spec import Limit, Network
from claudebox_rl.testing.sandbox_lab import SECRET, Lab, check, expect, in_shell, refused

_CALLS: dict[str, Callable[[Sandbox, Path], Awaitable[object]]] = {
    "exec": lambda sandbox, _: sandbox.exec(["true"]),
    "open_exec": lambda sandbox, _: sandbox.open_exec(["true"]),
    "read_file": lambda sandbox, _: sandbox.read_file("/workspace/file"),
    "write_file": lambda sandbox, _: sandbox.write_file("/workspace/file", b"x"),
    "copy_in": lambda sandbox, folder: sandbox.copy_in(folder, "/workspace/copy"),
    "copy_out": lambda sandbox, folder: sandbox.copy_out("/workspace", folder),
    "expose_host_port": lambda sandbox, _: sandbox.expose_host_port(1),
    "publish_port": lambda sandbox, _: sandbox.publish_port(1),
    "fork": lambda sandbox, _: sandbox.fork(),
    "metrics": lambda sandbox, _: sandbox.metrics(),
}


async def _expect_unavailable(lab: Lab, sandbox: Sandbox) -> None:
    for name, call in _CALLS.items():
        try:
            await call(sandbox, lab.folder())
        except SandboxUnavailableError:
            continue
        raise AssertionError(f"{name} raised no SandboxUnavailableError")


@check()
async def nothing_works_before_start(lab: Lab) -> None:
    """Every call before `start` raises SandboxUnavailableError."""
    await _expect_unavailable(lab, lab.make(None))


@check()
async def nothing_works_after_stop(lab: Lab) -> None:
    """Every call after `stop` raises SandboxUnavailableError."""
    async with lab.fresh() as sandbox:
        await sandbox.exec(["true"])
    async with lab.promptly("refusing calls after stop"):
        await _expect_unavailable(lab, sandbox)


@check()
async def stop_is_idempotent(lab: Lab) -> None:
    """`stop` may be called again, also at the same time, also without a `start`."""
    async with lab.promptly("stopping again and again"):
        await lab.make(None).stop()
        async with lab.fresh() as sandbox:
            await asyncio.gather(sandbox.stop(), sandbox.stop())
            await sandbox.stop()


@check()
async def machines_have_names_of_their_own(lab: Lab) -> None:
    """Each sandbox has its own `sandbox_id`, which begins with the backend's name."""
    one, other = lab.make(None), lab.make(None)
    expect(one.sandbox_id != other.sandbox_id, "two ids", one.sandbox_id)
    expect(one.sandbox_id.startswith(one.name), "the backend's name", one.sandbox_id)


@check()
async def stop_lets_a_waiter_go(lab: Lab) -> None:
    """Who waits for a command when its machine is stopped gets an answer or SandboxUnavailableError, promptly."""
    async with lab.fresh() as sandbox:
        waiter = asyncio.create_task(sandbox.exec(["sleep", "60"]))
        await asyncio.sleep(0.2)
        async with lab.promptly("stopping while a command runs"):
            await sandbox.stop()
            await asyncio.wait([waiter])
    error = waiter.exception()
    expect(error is None or isinstance(error, SandboxUnavailableError), "SandboxUnavailableError or a result", error)
    expect(error or waiter.result().exit_code != 0, "no success of a command that was cut off")


@check("shell")
async def stop_ends_every_process(lab: Lab) -> None:
    """Background jobs of finished commands end with the machine. Seen from the host, in a workspace that stays."""
    workspace = lab.folder()
    beat = "i=0; while [ $i -lt 100 ]; do echo . >> beats; i=$((i+1)); sleep 0.1; done"
    async with lab.fresh(workspace=workspace) as sandbox:
        await sandbox.exec(in_shell('sh -c "$1" >/dev/null 2>&1 &', beat))
        await lab.until("the first beat", lambda: _exists(workspace / "beats"))
    before = (workspace / "beats").stat().st_size
    await asyncio.sleep(0.4)
    expect((workspace / "beats").stat().st_size == before, "no beat after stop")


async def _exists(path: Path) -> bool:
    return path.exists()


@check("shell")
async def given_workspace_is_the_host_s_and_stays(lab: Lab) -> None:
    """A workspace of the spec is seen inside, shows what is written there, and goes on in the next machine."""
    workspace = lab.folder()
    (workspace / "given").write_bytes(b"given\n")
    async with lab.fresh(workspace=workspace) as sandbox:
        result = await sandbox.exec(in_shell("cat given && echo made > made && mkdir sub && echo deep > sub/deep"))
        await sandbox.write_file("/workspace/written", b"written\n")
        expect(result.stdout == b"given\n", "the host's file", result)
    found = {path.name: path.read_bytes() for path in workspace.rglob("*") if path.is_file()}
    expect(found == {"given": b"given\n", "made": b"made\n", "written": b"written\n", "deep": b"deep\n"}, "all", found)
    async with lab.fresh(workspace=workspace) as sandbox:
        result = await sandbox.exec(in_shell("cat made && echo more >> made && rm -r sub given"))
        expect((result.exit_code, result.stdout) == (0, b"made\n"), "its own files to change and remove", result)
    expect((workspace / "made").read_bytes() == b"made\nmore\n", "the change")


@check()
async def fresh_workspace_is_empty(lab: Lab) -> None:
    """Without a workspace in the spec each machine begins with an empty one, whatever the last one left."""
    for _ in range(2):
        async with lab.fresh() as sandbox:
            target = lab.folder()
            await sandbox.copy_out("/workspace", target)
            left = [path.name for path in target.iterdir()]
            expect(not left, "nothing", left)
            await sandbox.write_file("/workspace/left", b"left")


@check()
async def machines_do_not_share_files(lab: Lab) -> None:
    """What is written in one machine is not in another that stands at the same time."""
    async with lab.fresh() as one, lab.fresh() as other:
        for path in ("/workspace/mine", "/tmp/mine", "/logs/mine"):
            await one.write_file(path, b"mine")
            with refused(FileNotFoundError):
                await other.read_file(path)


@check()
async def stopping_one_machine_spares_the_others(lab: Lab) -> None:
    """A machine goes on when its neighbour is stopped."""
    async with lab.fresh() as one, lab.fresh() as other:
        await one.write_file("/workspace/mine", b"mine")
        waiter = asyncio.create_task(one.exec(["sleep", "0.5"]))
        await other.stop()
        expect((await waiter).exit_code == 0, "its command goes on")
        expect(await one.read_file("/workspace/mine") == b"mine", "its files too")


@check()
async def mounts_are_seen(lab: Lab) -> None:
    """A mounted folder of the host is there for commands and for `read_file`."""
    source = lab.folder()
    (source / "sub").mkdir()
    (source / "sub" / "file").write_bytes(b"mounted")
    async with lab.fresh(mounts=(Mount(source, "/opt/lab/data"),)) as sandbox:
        result = await sandbox.exec(["cat", f"{sandbox.root}/opt/lab/data/sub/file"])
        expect(result.stdout == b"mounted", "the host's file", result)
        expect(await sandbox.read_file("/opt/lab/data/sub/file") == b"mounted", "the host's file")


@check("shell", "isolation")
async def mounts_are_read_only(lab: Lab) -> None:
    """Nothing in a mounted folder can be changed from inside, by no means that a command has."""
    source = lab.folder()
    (source / "file").write_bytes(b"mounted")
    source.chmod(0o777)
    (source / "file").chmod(0o666)
    script = 'cd "$1" || exit; echo x > file; echo x > new; rm -f file; chmod 600 file; mv file f2; ln -s x l; mkdir d'
    async with lab.fresh(mounts=(Mount(source, "/opt/data"),)) as sandbox:
        await sandbox.exec(in_shell(script, sandbox.root + "/opt/data"))
    left = {path.name: path.read_bytes() for path in source.iterdir()}
    expect(left == {"file": b"mounted"}, "the folder as it was", left)
    expect((source / "file").stat().st_mode & 0o777 == 0o666, "the mode as it was")


@check()
async def missing_mount_is_refused(lab: Lab) -> None:
    """A folder that is not there can't be mounted: refused at once, or at `start`."""
    with refused(ConfigError, SandboxStartError):
        async with lab.fresh(mounts=(Mount(lab.folder() / "none", "/opt/data"),)):
            pass


@check()
async def what_can_not_be_enforced_is_refused(lab: Lab) -> None:
    """The constructor raises ConfigError for a network, limit or image that the capabilities do not state."""
    able = lab.capabilities
    beyond: list[tuple[str, Any]] = [("network", mode) for mode in get_args(Network) if mode not in able.networks]
    beyond += [(name, 100) for name in get_args(Limit) if name not in able.limits]
    beyond += [("image", image) for image in ("debian:12", "/no/such/layout") if not able.boots(image)]
    beyond += [] if able.secrets else [("secrets", (Secret("TOKEN", "value", ("example.com",)),))]
    beyond += [("allowed_hosts", ("example.com",))] if lab.spec.network != "restricted" else []
    for name, value in beyond:
        try:
            lab.make(replace(lab.spec, **{name: value}))
        except ConfigError:
            continue
        raise AssertionError(f"{name}={value} was not refused")


@check("shell", "isolation")
async def files_of_the_host_are_not_there(lab: Lab) -> None:
    """A command can't read a file of the host that was not given to the machine."""
    secret = lab.host_secret()
    script = 'cat "$1" "/proc/1/root$1" "/proc/self/root$1"; find / -xdev -name "$2" -exec cat {} + 2>/dev/null'
    async with lab.promptly("looking for a file of the host"):
        argv = in_shell(script, str(secret), secret.name)
        result = await (await lab.sandbox()).exec(argv, timeout_s=lab.patience_s / 2)
    expect(SECRET not in result.stdout, "nothing of the host's", result.stdout)
