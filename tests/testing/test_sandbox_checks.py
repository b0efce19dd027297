"""The conformance suite finds what is broken: each of these backends breaks a promise, and the right check says so."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from claudebox_rl.errors import ConfigError, SandboxError
from claudebox_rl.sandbox import Capabilities, ExecStream, Sandbox, SandboxSpec
from claudebox_rl.sandbox._unsafe import host_process, process_tree
from claudebox_rl.sandbox.spec import Network
from claudebox_rl.sandbox.unsafe import UnsafeSandbox
from claudebox_rl.testing.fake_sandbox import FakeSandbox
from claudebox_rl.testing.sandbox_checks import CHECKS, Report, check_sandbox

FULL = SandboxSpec(network="full")


async def report(sandbox: type[Sandbox], *names: str, patience_s: float = 2.0) -> Report:
    spec = FULL if issubclass(sandbox, UnsafeSandbox) else SandboxSpec()
    return await check_sandbox(lambda given: sandbox(given or spec), only=names, patience_s=patience_s)


class HostEnvironment(UnsafeSandbox):
    async def open_exec(self, argv: Any, *, env: Any = None, **options: Any) -> ExecStream:
        return await super().open_exec(argv, env={**os.environ, **(env or {})}, **options)


class ShellString(UnsafeSandbox):
    async def open_exec(self, argv: Any, **options: Any) -> ExecStream:
        return await super().open_exec(["sh", "-c", " ".join(argv)], **options)


class NoDeadline(FakeSandbox):
    async def open_exec(self, argv: Any, *, timeout_s: Any = None, **options: Any) -> ExecStream:
        return await super().open_exec(argv, **options)


class NoErrors(FakeSandbox):
    async def open_exec(self, argv: Any, **options: Any) -> ExecStream:
        stream = await super().open_exec(argv, **options)
        printed = stream.print
        stream.print = lambda name, data: printed(name, data) if name == "stdout" else None
        return stream


class OneStream(UnsafeSandbox):
    async def open_exec(self, argv: Any, **options: Any) -> ExecStream:
        return await super().open_exec(["sh", "-c", 'exec "$@" 2>&1', "sh", *argv], **options)


class FailureRaises(FakeSandbox):
    async def exec(self, argv: Any, **options: Any) -> Any:
        result = await super().exec(argv, **options)
        if result.exit_code:
            raise SandboxError("it failed")
        return result


class InputIsLate(FakeSandbox):
    """Hands input over when it is complete."""

    async def open_exec(self, argv: Any, **options: Any) -> ExecStream:
        stream = await super().open_exec(argv, **options)
        kept, write, close = bytearray(), stream.write_stdin, stream.close_stdin

        async def keep(data: bytes) -> None:
            kept.extend(data)

        async def hand_over() -> None:
            await write(bytes(kept))
            await close()

        stream.write_stdin, stream.close_stdin = keep, hand_over
        return stream


class WritesInParts(FakeSandbox):
    async def write_file(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        await super().write_file(path, data[: len(data) // 2], mode=mode)
        await asyncio.sleep(0)
        await super().write_file(path, data, mode=mode)


class AsksARealpath(UnsafeSandbox):
    async def resolve_path(self, path: str) -> str:
        told = await self.exec(["realpath", "-m", "--", path])
        return told.text.rstrip("\n")


class NoMode(UnsafeSandbox):
    async def write_file(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        await super().write_file(path, data)


class WritesThroughLinks(UnsafeSandbox):
    async def write_file(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        place = Path(self.root + path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


class WaitsForPipes(UnsafeSandbox):
    async def read_file(self, path: str, **_: Any) -> bytes:
        return (await self.exec(["cat", self.root + path], timeout_s=20)).stdout


class ReadsToTheEnd(UnsafeSandbox):
    async def read_file(self, path: str, *, max_bytes: int = 1 << 30) -> bytes:
        return (await self.exec(["cat", self.root + path], output_cap_bytes=max_bytes)).stdout


class FollowsLinks(UnsafeSandbox):
    async def copy_out(self, source: str, target: Path, **_: Any) -> None:
        for path in sorted(Path(self.root + source).rglob("*")):
            place = target / path.relative_to(self.root + source)
            place.parent.mkdir(parents=True, exist_ok=True)
            if path.is_file():
                shutil.copy(path, place)


class CopiesLinks(UnsafeSandbox):
    async def copy_out(self, source: str, target: Path, **_: Any) -> None:
        ignore = shutil.ignore_patterns("pipe")
        shutil.copytree(self.root + source, target, symlinks=True, dirs_exist_ok=True, ignore=ignore)


class CommonFiles(FakeSandbox):
    """All machines have the first one's files, and none forgets them."""

    common: ClassVar[dict[str, Any]] = {}

    async def start(self) -> None:
        await super().start()
        self._fs.files = self.common

    async def stop(self) -> None:
        kept = dict(self.common)
        await super().stop()
        self.common.update(kept)


class NeverStops(FakeSandbox):
    async def stop(self) -> None:
        return


class AcceptsAnything(UnsafeSandbox):
    def __init__(self, spec: SandboxSpec | None = None) -> None:
        super().__init__(FULL)


class OneName(FakeSandbox):
    def __init__(self, spec: SandboxSpec | None = None) -> None:
        super().__init__(spec)
        self.sandbox_id = "fake"


class NewDoorEachTime(UnsafeSandbox):
    async def expose_host_port(self, port: int) -> str:
        self.num_doors = getattr(self, "num_doors", 0) + 1
        return f"127.0.0.{self.num_doors}:{port}"


class SharesFilesWithForks(FakeSandbox):
    async def fork(self, n: int = 1) -> tuple[Any, ...]:
        forks = await super().fork(n)
        for fork in forks:
            fork._fs.files = self._fs.files
        return forks


class ForksAreEmpty(FakeSandbox):
    async def fork(self, n: int = 1) -> tuple[Any, ...]:
        forks = await super().fork(n)
        for fork in forks:
            fork.files.clear()
        return forks


class ForksFollowLinks(UnsafeSandbox):
    async def fork(self, n: int = 1) -> tuple[Any, ...]:
        forks = await super().fork(n)
        for fork in forks:
            for path in Path(fork.root, "workspace").rglob("*"):
                if path.is_symlink():
                    data = path.read_bytes()
                    path.unlink()
                    path.write_bytes(data)
        return forks


class ForksAreMerged(UnsafeSandbox):
    """Keeps what was deleted, as a copy over an older state does."""

    history: ClassVar[list[Path]] = []

    async def fork(self, n: int = 1) -> tuple[Any, ...]:
        forks = await super().fork(n)
        for fork in forks:
            for older in self.history:
                shutil.copytree(older, Path(fork.root, "workspace"), dirs_exist_ok=True, symlinks=True)
        self.history.append(Path(self.root, "workspace"))
        return forks


class ForkIsTheParent(FakeSandbox):
    async def fork(self, n: int = 1) -> tuple[Any, ...]:
        return (self,) * n


class CountsNothing(FakeSandbox):
    async def metrics(self) -> Any:
        return replace(await super().metrics(), num_commands=0)


class DiskOnlyGrows(UnsafeSandbox):
    most = 0

    async def metrics(self) -> Any:
        metrics = await super().metrics()
        self.most = max(self.most, metrics.disk_bytes)
        return replace(metrics, disk_bytes=self.most)


class IgnoresUsers(FakeSandbox):
    async def open_exec(self, argv: Any, *, user: Any = None, **options: Any) -> ExecStream:
        return await super().open_exec(argv, **options)


class PretendsLimits(UnsafeSandbox):
    """Claims limits and users, and lets everything through; what it says of itself is that it uses next to nothing."""

    @classmethod
    def capabilities(cls) -> Capabilities:
        able = super().capabilities()
        return replace(able, hard_limits=frozenset({"memory_mib", "disk_mib"}), users=True)

    async def open_exec(self, argv: Any, *, user: Any = None, **options: Any) -> ExecStream:
        return await super().open_exec(argv, **options)

    async def metrics(self) -> Any:
        return replace(await super().metrics(), memory_peak_bytes=300 << 20)


@pytest.mark.parametrize(
    ("sandbox", "caught_by"),
    [
        (HostEnvironment, "environment_of_the_host_does_not_leak"),
        (ShellString, "argv_is_never_a_shell_string"),
        (ShellString, "program_is_never_a_shell_string"),
        (NoDeadline, "deadline_ends_a_command"),
        (NoErrors, "output_and_errors_stay_apart"),
        (NoErrors, "missing_program_is_127"),
        (OneStream, "both_streams_of_one_command_stay_apart"),
        (OneStream, "each_stream_has_its_own_cap"),
        (FailureRaises, "failure_is_a_result"),
        (InputIsLate, "input_and_output_are_streamed"),
        (WritesInParts, "writing_is_atomic"),
        (AsksARealpath, "paths_lead_where_commands_go"),
        (AsksARealpath, "paths_do_not_lead_through_a_process"),
        (NoMode, "mode_is_kept"),
        (WritesThroughLinks, "writing_replaces_a_link_not_its_target"),
        (WaitsForPipes, "pipe_or_device_is_no_file"),
        (WaitsForPipes, "missing_file_is_file_not_found"),
        (ReadsToTheEnd, "file_over_the_cap_is_an_error"),
        (FollowsLinks, "copying_out_leaves_links_and_pipes"),
        (CopiesLinks, "copying_out_leaves_links_and_pipes"),
        (FollowsLinks, "copying_out_over_the_cap_is_an_error"),
        (FollowsLinks, "copying_out_replaces_nothing"),
        (CommonFiles, "fresh_workspace_is_empty"),
        (CommonFiles, "machines_do_not_share_files"),
        (NeverStops, "nothing_works_after_stop"),
        (AcceptsAnything, "what_can_not_be_enforced_is_refused"),
        (AcceptsAnything, "environment_of_the_spec_is_for_every_command"),
        (AcceptsAnything, "given_workspace_is_the_host_s_and_stays"),
        (AcceptsAnything, "mounts_are_seen"),
        (OneName, "machines_have_names_of_their_own"),
        (NewDoorEachTime, "door_has_one_address"),
        (SharesFilesWithForks, "forks_share_nothing"),
        (ForksAreEmpty, "fork_has_the_same_files"),
        (ForkIsTheParent, "fork_has_the_same_files"),
        (ForksFollowLinks, "fork_keeps_modes_links_and_locked_folders"),
        (ForksAreMerged, "fork_of_a_fork_knows_what_was_deleted"),
        (CountsNothing, "commands_are_counted"),
        (DiskOnlyGrows, "disk_use_is_that_of_files"),
        (IgnoresUsers, "users_that_can_not_be_had_are_refused"),
        (PretendsLimits, "memory_is_of_all_processes_together"),
        (PretendsLimits, "disk_is_bounded"),
        (PretendsLimits, "commands_run_as_the_user_that_is_asked_for"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
async def test_broken_backend_is_caught(sandbox: type[Sandbox], caught_by: str) -> None:
    found = await report(sandbox, caught_by, "binary_output_is_unchanged")

    assert found.names("failed") == {caught_by}
    assert found.names("passed") == {"binary_output_is_unchanged"}
    with pytest.raises(ExceptionGroup, match=caught_by):
        found.raise_if_failed()


@pytest.fixture
def escaped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let what left its process group go on; it is ended after the test."""
    marks: list[str] = []
    real = process_tree.end_marked
    monkeypatch.setattr(process_tree, "end_marked", marks.append)
    yield
    for mark in marks:
        real(mark)


@pytest.mark.usefixtures("escaped")
async def test_escaped_daemon_is_caught() -> None:
    names = ("deadline_ends_daemons", "kill_ends_the_whole_tree", "deadline_ends_background_children")

    found = await report(UnsafeSandbox, *names, patience_s=10.0)

    assert found.names("failed") == {"deadline_ends_daemons", "kill_ends_the_whole_tree"}


@pytest.mark.usefixtures("escaped")
async def test_process_group_that_is_spared_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def end_only_itself(group: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(group, signal.SIGKILL)

    monkeypatch.setattr(process_tree, "end_group", end_only_itself)
    names = {
        "deadline_ends_background_children",
        "cancelled_command_ends_with_its_children",
        "leaving_the_context_early_kills",
        "stop_ends_every_process",
    }

    found = await report(UnsafeSandbox, *names, patience_s=10.0)

    assert found.names("failed") == names


async def test_waiting_for_a_held_output_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_process, "_LINGER_S", 3)
    name = "background_job_that_holds_the_output_is_not_waited_for"

    assert (await report(UnsafeSandbox, name, patience_s=2.0)).names("failed") == {name}


async def test_ending_background_jobs_with_their_command_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_tree, "group_lives", lambda group: process_tree.end_group(group))
    name = "background_job_outlives_its_command"

    assert (await report(UnsafeSandbox, name)).names("failed") == {name}


class PretendsIsolation(UnsafeSandbox):
    """No isolation at all under a better name."""

    @classmethod
    def capabilities(cls) -> Capabilities:
        networks: frozenset[Network] = frozenset({"none", "restricted", "full"})
        return Capabilities(isolation="namespace", networks=networks, blocks_hosts=networks, read_only_workspace=True)

    def __init__(self, spec: SandboxSpec | None = None) -> None:
        given = spec or SandboxSpec()
        super().__init__(SandboxSpec(given.workspace, mounts=given.mounts, env=given.env, network="full"))
        self.spec = given

    async def fork(self, n: int = 1) -> tuple[Any, ...]:
        """Copy what is rewritten as slowly as it is copied among much else."""
        forks = await super().fork(n)
        for fork in forks:
            for path in sorted(Path(self.root, "workspace").rglob("round-*")):
                await asyncio.sleep(0.1)
                shutil.copyfile(path, Path(fork.root, path.relative_to(self.root)))
        return forks


async def test_missing_isolation_is_caught() -> None:
    names = {check.name for check in CHECKS if "isolation" in check.needs}

    found = await check_sandbox(PretendsIsolation, only=names, patience_s=5.0)

    # /etc/passwd of the sandbox is the host's here, so that one has nothing to find; a copied folder brings no process;
    # the host's ports are at hand until what serves there is ended; and all folders can be written.
    kept = {
        "link_to_passwd_is_the_sandbox_s_own",
        "fork_copies_no_processes",
        "read_only_workspace_leaves_what_a_machine_needs",
    }
    assert found.names("failed") == names - kept - {"exposed_port_needs_no_listing", "published_port_is_cut_at_stop"}


async def test_checks_are_many_and_named_apart() -> None:
    names = [check.name for check in CHECKS]

    assert len(names) == len(set(names)) >= 100
    assert all(check.demand.strip().endswith(".") for check in CHECKS)


async def test_what_a_backend_can_not_do_is_skipped_with_the_reason() -> None:
    found = await check_sandbox(
        FakeSandbox,
        only=["mode_is_kept", "empty_file_comes_back", "success_is_exit_code_0"],
        gaps={"empty_file_comes_back": "known since long"},
    )

    assert {result.name: result.detail for result in found.results if result.status == "skipped"} == {
        "mode_is_kept": "isolation=fake runs no real programs",
        "empty_file_comes_back": "known since long",
    }
    assert found.names("passed") == {"success_is_exit_code_0"}
    found.raise_if_failed()


async def test_unknown_check_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no such checks: nonsense; known: .*mode_is_kept"):
        await check_sandbox(FakeSandbox, only=["nonsense"])


async def test_failed_check_does_not_spoil_the_next() -> None:
    class DiesOfCat(FakeSandbox):
        async def open_exec(self, argv: Any, **options: Any) -> ExecStream:
            if argv[0] == "printenv":
                self.die()
            return await super().open_exec(argv, **options)

    found = await report(DiesOfCat, "environment_is_added", "commands_start_in_the_workspace")

    assert found.names("failed") == {"environment_is_added"}
    assert found.names("passed") == {"commands_start_in_the_workspace"}


async def test_machines_are_stopped_and_folders_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made: list[Sandbox] = []

    def make(spec: SandboxSpec | None) -> Sandbox:
        made.append(UnsafeSandbox(spec or FULL))
        return made[-1]

    await check_sandbox(make, only=["mounts_are_seen", "parents_are_made", "nothing_works_before_start"])

    assert len(made) >= 4
    assert list(tmp_path.iterdir()) == []
