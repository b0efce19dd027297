"""The fake beyond the contract: scripts, files at hand, and a death on demand. The contract: test_conformance."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl.errors import ConfigError, SandboxError, SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox import Mount, SandboxSpec, sandbox_class
from claudebox_rl.testing.fake_sandbox import FakeCall, FakeFile, FakeSandbox


async def verifier(call: FakeCall) -> int:
    """Judges as a task's script would."""
    answer = await call.sandbox.read_file("/workspace/answer")
    await call.sandbox.write_file("/logs/verifier/reward.txt", b"1.0" if answer == b"42" else b"0.0")
    call.write_stdout(f"{call.argv} {call.cwd} {call.env['TASK']}".encode())
    call.write_stderr(await call.read_stdin())
    return 3


def test_it_is_in_the_registry() -> None:
    assert sandbox_class("fake") is FakeSandbox


async def test_handler_sees_the_call_and_its_result_is_seen() -> None:
    async with FakeSandbox(SandboxSpec(env={"TASK": "t"})) as sandbox:
        sandbox.handlers["bash"] = verifier
        await sandbox.write_file("/workspace/answer", b"42")
        result = await sandbox.exec(["/bin/bash", "/tests/test.sh"], stdin=b"input", cwd="/tests")

        assert result.exit_code == 3
        assert result.stdout == b"('/bin/bash', '/tests/test.sh') /tests t"
        assert result.stderr == b"input"
        assert sandbox.files["/logs/verifier/reward.txt"] == FakeFile(b"1.0", 0o644)


async def test_handlers_of_a_class_are_for_all_and_of_an_instance_for_one() -> None:
    class Scripted(FakeSandbox):
        handlers = FakeSandbox.handlers | {"bash": verifier}

    one, other = Scripted(), Scripted()
    one.handlers["python3"] = verifier

    assert "bash" in other.handlers
    assert "python3" not in other.handlers
    assert "bash" not in FakeSandbox().handlers


async def test_input_reaches_a_handler_as_it_comes() -> None:
    async def shout(call: FakeCall) -> int:
        async for data in call.stdin():
            call.write_stdout(data.upper())
        return 0

    async with FakeSandbox() as sandbox:
        sandbox.handlers["shout"] = shout
        async with await sandbox.open_exec(["shout"]) as stream:
            output = aiter(stream)
            for word in (b"one", b"two"):
                await stream.write_stdin(word)
                assert (await anext(output)).data == word.upper()
            await stream.close_stdin()
            assert (await stream.wait()).exit_code == 0


async def test_error_of_a_handler_is_raised_not_a_result() -> None:
    async def broken(call: FakeCall) -> int:
        raise LookupError("the script is wrong")

    async def slow(call: FakeCall) -> int:
        raise TimeoutError("not the deadline")

    async with FakeSandbox() as sandbox:
        sandbox.handlers.update(broken=broken, slow=slow)
        with pytest.raises(LookupError, match="the script is wrong"):
            await sandbox.exec(["broken"])
        with pytest.raises(TimeoutError, match="not the deadline"):
            await sandbox.exec(["slow"], timeout_s=60)


async def test_unknown_program_names_the_known() -> None:
    async with FakeSandbox() as sandbox:
        result = await sandbox.exec(["git", "status"])

    assert result.exit_code == 127
    assert b"git: not found; the fake sandbox knows cat, echo, false" in result.stderr


DEAD_CALLS: dict[str, Callable[[FakeSandbox, Path], Awaitable[Any]]] = {
    "exec": lambda s, _: s.exec(["true"]),
    "read_file": lambda s, _: s.read_file("/workspace/file"),
    "write_file": lambda s, _: s.write_file("/workspace/file", b""),
    "copy_in": lambda s, folder: s.copy_in(folder, "/workspace"),
    "copy_out": lambda s, folder: s.copy_out("/workspace", folder),
    "expose_host_port": lambda s, _: s.expose_host_port(1),
}


@pytest.mark.parametrize("call", DEAD_CALLS)
async def test_after_death_nothing_works(call: str, tmp_path: Path) -> None:
    async with FakeSandbox() as sandbox:
        await sandbox.write_file("/workspace/file", b"")
        sandbox.die()
        with pytest.raises(SandboxUnavailableError, match="is dead"):
            await DEAD_CALLS[call](sandbox, tmp_path)


async def test_death_ends_running_commands() -> None:
    async with FakeSandbox() as sandbox:
        running = [asyncio.create_task(sandbox.exec(["sleep", "60"])) for _ in range(3)]
        await asyncio.sleep(0.01)
        sandbox.die()
        results = await asyncio.gather(*running, return_exceptions=True)

    assert [type(result) for result in results] == [SandboxUnavailableError] * 3


async def test_command_that_is_killed_at_once_has_ended() -> None:
    async with FakeSandbox() as sandbox:
        stream = await sandbox.open_exec(["sleep", "60"])
        await stream.kill()

        assert (await stream.wait()).exit_code == 137


async def test_only_copy_out_touches_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with FakeSandbox() as sandbox:
        await sandbox.write_file("/workspace/sub/file", b"x", mode=0o755)
        await sandbox.exec(["cat", "/workspace/sub/file"])
        assert list(tmp_path.iterdir()) == []
        await sandbox.copy_out("/workspace", tmp_path / "out")

    assert (tmp_path / "out/sub/file").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    "fields",
    [{"network": "full"}, {"image": "debian:12"}, {"workspace": Path("/")}],
    ids=lambda fields: next(iter(fields)),
)
def test_what_it_can_not_be_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="sandbox=fake"):
        FakeSandbox(SandboxSpec(**fields))


async def test_mounted_files_are_read_when_asked_for_and_never_written(tmp_path: Path) -> None:
    async with FakeSandbox(SandboxSpec(mounts=(Mount(tmp_path, "/opt/data"),))) as sandbox:
        (tmp_path / "late").write_bytes(b"x")
        assert await sandbox.read_file("/opt/data/../data/late") == b"x"
        with pytest.raises(FileNotFoundError):
            await sandbox.read_file("/opt/data/none")
        for path in ("/opt/data/late", "/opt/data/new"):
            with pytest.raises(SandboxError, match="read-only"):
                await sandbox.write_file(path, b"y")

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"late": b"x"}


async def test_links_are_refused_not_lost(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    async with FakeSandbox() as sandbox:
        with pytest.raises(SandboxError, match="link"):
            await sandbox.copy_in(tmp_path, "/workspace")


async def test_it_starts_once() -> None:
    async with FakeSandbox() as sandbox:
        with pytest.raises(SandboxStartError, match="make a new sandbox"):
            await sandbox.start()
