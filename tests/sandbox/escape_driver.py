"""Run on the host, by any user: puts secrets in reach, runs `escape_probes.py` in a sandbox, prints its answers."""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

from claudebox_rl._resources import home
from claudebox_rl.sandbox._local.seccomp import syscall_numbers
from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.sandbox.spec import SandboxSpec

MAX_PROCESSES, MAX_FILE_BYTES = 100, 64 << 20
TOP = "bin dev etc home lib lib32 lib64 libx32 logs proc root run sbin solution tests tmp usr workspace"


def own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as seeker:
        try:
            seeker.connect(("192.0.2.2", 9))
        except OSError:
            return "127.0.0.2"
        return seeker.getsockname()[0]


async def main(folder: Path) -> None:
    folder.chmod(0o755)
    secret_file = folder / "secret.txt"
    secret_file.write_text("the host's secret")
    secret_file.chmod(0o644)
    listener = socket.create_server(("0.0.0.0", 0))
    abstract, path_socket = f"escape-driver-{os.getpid()}", folder / "socket"
    unix = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    for each, place in zip(unix, (f"\0{abstract}", str(path_socket)), strict=True):
        each.bind(place)
        each.listen()
    path_socket.chmod(0o777)
    async with LocalSandbox(SandboxSpec(max_processes=MAX_PROCESSES, max_file_bytes=MAX_FILE_BYTES)) as sandbox:
        uid = int((await sandbox.exec(["id", "-u"])).text)
        facts = {
            "secret_file": str(secret_file),
            "secret": os.environ["HOST_SECRET"],
            "home": str(home()),
            "top": [*TOP.split(), Path(sys.base_prefix).parts[1]],
            "pid": os.getpid(),
            "port": listener.getsockname()[1],
            "address": own_address(),
            "abstract": abstract,
            "path_socket": str(path_socket),
            "uid": uid,
            "max_processes": MAX_PROCESSES,
            "max_file_bytes": MAX_FILE_BYTES,
            "syscalls": syscall_numbers(os.uname().machine),
        }
        await sandbox.write_file("/workspace/probes.py", Path(__file__).with_name("escape_probes.py").read_bytes())
        result = await sandbox.exec(["python3", "/workspace/probes.py", json.dumps(facts)], timeout_s=60)
        if result.exit_code != 0:
            sys.exit(result.stderr.decode())
        made = home() / "machines" / sandbox.sandbox_id / "workspace" / "probes.py"
        still_serves = (await sandbox.exec(["echo", "here"])).text == "here\n"
        outside = {
            "owner_uid": made.stat().st_uid,
            "serves": still_serves,
            "launcher_uid": os.geteuid(),
            "inside_uid": uid,
        }
    sys.stdout.write(json.dumps({"probes": json.loads(result.stdout), "outside": outside}))


asyncio.run(main(Path(sys.argv[1])))
