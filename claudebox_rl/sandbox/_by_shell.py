"""What a backend without a faster way does with files: commands of the sandbox's own shell."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from claudebox_rl.errors import SandboxError

if TYPE_CHECKING:
    from claudebox_rl.sandbox.base import Sandbox

_WRITE = """
set -e; [ ! -d "$1" ] || { echo is a folder >&2; exit 1; }; folder=${1%/*}/; mkdir -p -- "$folder"
part=$folder.claudebox-$$; trap 'rm -f -- "$part"' EXIT; umask 077; cat > "$part"; chmod "$2" "$part"
mv -f -- "$part" "$1"
"""
_RESOLVE = """
left=$1/ led= num_links=0
while [ -n "$left" ]; do
  name=${left%%/*} left=${left#*/}
  case $name in ''|.) continue;; ..) led=${led%/*}; continue;; esac
  [ -L "$led/$name" ] || { led=$led/$name; continue; }
  num_links=$((num_links + 1))
  [ $num_links -le 40 ] || { echo its links lead in a circle >&2; exit 1; }
  case $led/ in /proc/*) echo a link of /proc leads each process elsewhere >&2; exit 1;; esac
  link=$(readlink -n -- "$led/$name"; echo .) link=${link%.}
  case $link in /*) led=;; esac
  left=$link/$left
done
printf %s "${led:-/}"
"""
"""Walks as the kernel does; `realpath` would follow the links that /proc has for its own process."""


async def write_file(sandbox: Sandbox, path: str, data: bytes, mode: int) -> None:
    """See `Sandbox.write_file`."""
    argv = ["sh", "-c", _WRITE, "sh", sandbox.root + path, f"{mode:o}"]
    result = await sandbox.exec(argv, stdin=data, timeout_s=120)
    if result.exit_code != 0:
        detail = result.stderr.decode("utf-8", "replace").strip()
        raise SandboxError(f"can't write {path} in the sandbox: {detail}", path=path)


async def resolve_path(sandbox: Sandbox, path: str) -> str:
    """See `Sandbox.resolve_path`."""
    result = await sandbox.exec(["sh", "-c", _RESOLVE, "sh", path], timeout_s=60)
    if result.exit_code != 0 or not result.stdout.startswith(b"/"):
        detail = result.stderr.decode("utf-8", "replace").strip()
        raise SandboxError(f"can't resolve {path} in the sandbox: {detail}", path=path)
    return os.fsdecode(result.stdout)
