"""No way out of a box, even for its root, who may do to its own machine what it likes."""

from __future__ import annotations

import ctypes
import json
import os
import socket
from pathlib import Path

import pytest

from claudebox_rl._resources import home
from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox._local.seccomp import syscall_numbers
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.sandbox.spec import Mount

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]
IMAGE = os.environ.get("CLAUDEBOX_LAB_IMAGE", "")
SOURCE = Path(__file__).parents[1] / "sandbox" / "escape_probes.py"
PROBES = [
    "read_host_file",
    "list_the_secrets_folder",
    "change_a_read_only_folder_of_the_host",
    "read_the_hosts_paths_in_command_lines",
    "see_host_processes",
    "read_host_environments",
    "find_the_secret_in_the_own_environment",
    "inherit_descriptors",
    "kill_the_supervisor",
    "connect_host_loopback",
    "connect_host_address",
    "send_udp",
    "send_udp6",
    "connect_abstract_socket",
    "connect_path_socket",
    "connect_to_the_host_by_vsock",
    "open_raw_sockets",
]
KNOWN = {"connect_to_the_host_by_vsock": "[2696]"}
"""Where BoxLite's agent once says that it is ready; no byte goes that way."""
LOOK_AT_KEYS = """
import ctypes, sys
search, read = 10, 11
keyctl, libc, data = int(sys.argv[1]), ctypes.CDLL(None), ctypes.create_string_buffer(64)
for keyring in (-3, -4, -5):
    key = libc.syscall(keyctl, search, keyring, b"user", b"lab-secret", 0)
    if key > 0 and libc.syscall(keyctl, read, key, data, 64) > 0:
        print(data.value.decode())
"""
USER_KEYRING = -4


def keep_in_the_hosts_keyring(secret: bytes, numbers: dict[str, int]) -> None:
    key = ctypes.CDLL(None).syscall(numbers["add_key"], b"user", b"lab-secret", secret, len(secret), USER_KEYRING)
    assert key > 0, "the host has no keyring to look for"


async def test_nothing_gets_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST_SECRET", "not-for-the-sandbox-8d1f")
    secret_file, shown, path_socket = tmp_path / "secret", tmp_path / "shown", tmp_path / "socket"
    secret_file.write_text("the host's secret")
    shown.mkdir()
    (shown / "file").write_text("kept")
    numbers = syscall_numbers(os.uname().machine)
    keep_in_the_hosts_keyring(b"the host's secret", numbers)
    with socket.create_server(("0.0.0.0", 0)) as listener, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(path_socket))
        unix.listen()
        facts = {
            "only": PROBES,
            "secret_file": str(secret_file),
            "secret": os.environ["HOST_SECRET"],
            "home": str(home()),
            "pid": os.getpid(),
            "port": listener.getsockname()[1],
            "address": "127.0.0.2",
            "abstract": "lab-without-a-listener",
            "path_socket": str(path_socket),
            "read_only_folder": "/shown",
            "syscalls": numbers,
        }
        spec = SandboxSpec(image=IMAGE, memory_mib=512, start_timeout_s=240, mounts=(Mount(shown, "/shown"),))
        async with BoxliteSandbox(spec) as sandbox:
            await sandbox.write_file("/workspace/probes.py", SOURCE.read_bytes())
            result = await sandbox.exec(["python3", "probes.py", json.dumps(facts)], timeout_s=200)
            assert result.exit_code == 0, result.stderr.decode()
            looked = await sandbox.exec(["python3", "-c", LOOK_AT_KEYS, str(numbers["keyctl"])])
            assert (await sandbox.exec(["echo", "here"])).text == "here\n"
    got = json.loads(result.stdout)
    assert {name: value for name, value in got.items() if value is not None} == KNOWN
    assert len(got) == len(PROBES)
    assert looked.text == ""
    assert (shown / "file").read_text() == "kept"
    assert [place.name for place in shown.iterdir()] == ["file"]
