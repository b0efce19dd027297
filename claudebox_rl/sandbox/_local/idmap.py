"""How the files of one user are shown as another's: a user namespace that says so, for a mount (`_local.own_mounts`).

Forks in root mode share the copy of their parent's files on disk, which can have one owner only, while each sandbox has
a user number of its own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

from claudebox_rl.sandbox._local.machine import info_pipe

_INFO_BYTES = 4096


def owner_namespace(bwrap: str, stored: int, shown: int) -> int:
    """Return a descriptor of a user namespace that maps one user and group to another. Blocks for some milliseconds.

    Args:
        bwrap: Path of bubblewrap, which holds the namespace until we have it.
        stored: Owner on disk.
        shown: Owner to be seen.

    Raises:
        OSError: This host has no user namespaces.
    """
    info, far_info = info_pipe()
    far_block, block = os.pipe()
    options = ["--unshare-user", "--info-fd", str(far_info), "--userns-block-fd", str(far_block), "--bind", "/", "/"]
    holder = subprocess.Popen(
        [bwrap, *options, "true"],
        pass_fds=(far_info, far_block),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
    )
    pid = None
    try:
        os.close(far_info)
        os.close(far_block)
        said = b""
        while not said.rstrip().endswith(b"}"):  # bwrap writes it in pieces
            part = os.read(info, _INFO_BYTES)
            if not part:
                raise OSError("bwrap can't make a user namespace")
            said += part
        pid = json.loads(said)["child-pid"]
        for table in ("uid_map", "gid_map"):
            Path(f"/proc/{pid}/{table}").write_text(f"{stored} {shown} 1\n")
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        # The end of what it holds is bwrap's own; bwrap killed first would leave that waiting for ever.
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        os.close(info)
        os.close(block)
        holder.wait()
