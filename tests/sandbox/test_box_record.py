"""Which boxes can be attached to, by the journal, and what that holds of them; no box is started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from claudebox_rl.errors import ConfigError, SandboxAttachError, SandboxError, SandboxUnavailableError
from claudebox_rl.sandbox import SandboxSpec, journal
from claudebox_rl.sandbox._box.attach import find, pack_spec, unpack_spec
from claudebox_rl.sandbox._box.options import box_options
from claudebox_rl.sandbox._box.runtimes import _holder_of
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.sandbox.spec import Mount, Secret

pytest.importorskip("boxlite")


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def machine() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


def kept(machine_pid: int, **changes: object) -> journal.MachineRecord:
    entry = journal.record("kept", "boxlite", kept={"home": "/x", "spec": pack_spec(SandboxSpec())})
    entry = replace(journal.leave(journal.record_machine(entry, machine_pid)), **changes)
    (journal.machines_dir() / "kept.json").write_text(json.dumps(asdict(entry)))
    return entry


def test_a_detached_box_is_found(machine: int) -> None:
    entry = kept(machine)
    assert find("kept") == entry


@pytest.mark.parametrize(
    ("changes", "cause", "said"),
    [
        ({"kept": {}}, "owner", "detached=True"),
        ({"machine_start": "before"}, "gone", "machines reap"),
        ({"place": "1-2-3 pid:[4]", "host": "another"}, "elsewhere", "another host"),
    ],
)
async def test_one_that_can_not_be_had_is_refused(
    changes: dict[str, object], cause: str, said: str, machine: int
) -> None:
    kept(machine, **changes)
    with pytest.raises(SandboxAttachError, match=said) as caught:
        await BoxliteSandbox.attach("kept")
    assert caught.value.context["cause"] == cause


async def test_one_that_is_held_names_its_owner(machine: int) -> None:
    journal.take(kept(machine))
    with pytest.raises(SandboxAttachError, match=f"held by process {os.getpid()}") as caught:
        await BoxliteSandbox.attach("kept")
    assert (caught.value.context["cause"], caught.value.context["pid"]) == ("held", os.getpid())


@pytest.mark.parametrize("sandbox_id", ["none", "../kept", "", "/etc/passwd"])
async def test_one_that_is_not_there_is_refused(sandbox_id: str, machine: int) -> None:
    kept(machine)
    with pytest.raises(SandboxAttachError, match="no machine") as caught:
        await BoxliteSandbox.attach(sandbox_id)
    assert caught.value.context["cause"] == "unknown"


def test_the_journal_holds_a_spec_without_the_values_of_secrets(tmp_path: Path) -> None:
    secret = Secret("KEY", "the-value", ("api.example.com",))
    spec = SandboxSpec(
        workspace=tmp_path,
        image="image:1",
        mounts=(Mount(tmp_path, "/shown"), Mount(tmp_path, "/written", read_only=False)),
        env={"A": "1"},
        secrets=(secret,),
        network="full",
        user="agent",
        cpus=2,
        memory_mib=512,
        max_file_bytes=None,
    )
    text = json.dumps(pack_spec(spec))
    assert "the-value" not in text
    assert unpack_spec(json.loads(text)) == replace(spec, secrets=(replace(secret, value=""),))
    restricted = SandboxSpec(
        tmp_path,
        network="restricted",
        allowed_hosts=("a.b", "c.d:1"),
        blocked_hosts=("x.a.b",),
        read_only_workspace=True,
    )
    assert unpack_spec(json.loads(json.dumps(pack_spec(restricted)))) == restricted


def test_a_kept_box_is_not_removed_by_boxlite() -> None:
    plain, lasting = box_options(SandboxSpec()), box_options(SandboxSpec(), is_kept=True)
    assert (plain.auto_remove, plain.detach) == (True, False)
    assert (lasting.auto_remove, lasting.detach) == (False, True)


@pytest.mark.parametrize("user", [None, "root", "0"])
def test_root_with_a_network_is_not_kept(user: str | None) -> None:
    with pytest.raises(ConfigError, match="host's loopback"):
        BoxliteSandbox(SandboxSpec(network="full", user=user), detached=True)
    BoxliteSandbox(SandboxSpec(network="full", user="agent"), detached=True)
    BoxliteSandbox(SandboxSpec(network="full", user=user))


async def test_only_what_outlives_its_owner_and_runs_is_detached() -> None:
    with pytest.raises(SandboxError, match="detached=True"):
        await BoxliteSandbox().detach()
    with pytest.raises(SandboxUnavailableError, match="not started"):
        await BoxliteSandbox(detached=True).detach()


HOLD = """
import fcntl, sys
with open(sys.argv[1], "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    input()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/locks is Linux's")
def test_who_holds_a_folder_is_told(tmp_path: Path) -> None:
    assert _holder_of(tmp_path) is None
    command = [sys.executable, "-c", HOLD, str(tmp_path / ".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        assert _holder_of(tmp_path) == holder.pid
        holder.kill()
    assert _holder_of(tmp_path) is None
