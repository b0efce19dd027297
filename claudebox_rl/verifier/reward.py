"""The reward that a verifier wrote: one regular file, read once, and finite numbers in it."""

from __future__ import annotations

import json
import math
from typing import Any, cast

from claudebox_rl.sandbox.base import Sandbox

REWARD_CAP_BYTES = 64 << 10
_MISSING, _NO_FILE = 44, 45
_READ = f"""
cd -P -- "$1" && [ ! -L "$1" ] || exit {_MISSING}
for name in reward.json reward.txt; do
  [ -e "$name" ] || [ -L "$name" ] || continue
  echo "$name"
  [ -f "$name" ] && [ ! -L "$name" ] || exit {_NO_FILE}
  exec head -c "$2" -- "$name"
done
exit {_MISSING}
"""


async def read_rewards(sandbox: Sandbox, folder: str) -> dict[str, float] | None:
    """Return the named numbers in `folder`: of reward.json, or without that of reward.txt; None where neither is.

    Raises:
        ValueError: It is a link, no regular file, unreadable, too large, or holds no finite numbers.
        OverflowError, RecursionError: Likewise.
        SandboxUnavailableError: The machine is gone.
    """
    argv = ["sh", "-c", _READ, "sh", sandbox.root + folder, str(REWARD_CAP_BYTES + 1)]
    run = await sandbox.exec(argv, cwd="/", timeout_s=60, output_cap_bytes=2 * REWARD_CAP_BYTES)
    if run.exit_code == _MISSING:
        return None
    name, _, content = run.stdout.partition(b"\n")
    file = name.decode("utf-8", "replace")
    if run.exit_code == _NO_FILE:
        raise ValueError(f"{file} is not a regular file")
    if run.exit_code != 0:
        raise ValueError(f"{file} can't be read: {run.stderr.decode('utf-8', 'replace').strip()[-500:]}")
    if len(content) > REWARD_CAP_BYTES:
        raise ValueError(f"{file} is larger than {REWARD_CAP_BYTES} bytes")
    return _from_json(content) if file == "reward.json" else {"reward": _finite(float(content.decode()))}


def _from_json(content: bytes) -> dict[str, float]:
    parsed: Any = json.loads(content.decode())
    values = cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {"reward": parsed}
    if not values:
        raise ValueError("it names no number")
    return {name: _finite(value) for name, value in values.items()}


def _finite(value: object) -> float:
    if not isinstance(value, int | float):
        raise ValueError(f"{str(value)[:80]!r} is no number")
    if not math.isfinite(number := float(value)):
        raise ValueError(f"{number} is not finite")
    return number
