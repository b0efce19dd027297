"""Boots one small box and says in one line of JSON what came of it. Run by `auto` in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys

from claudebox_rl.errors import SandboxError
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.sandbox.spec import SandboxSpec

_START_S = 120.0
_MEMORY_MIB = 512


async def probe(image: str | None) -> tuple[str | None, bool]:
    """Return why a box can't run here (None: it can), and whether the image is to blame."""
    spec = SandboxSpec(image=image, memory_mib=_MEMORY_MIB, start_timeout_s=_START_S)
    try:
        async with BoxliteSandbox(spec) as sandbox:
            result = await sandbox.exec(["true"], timeout_s=30)
    except SandboxError as error:
        return str(error), error.context.get("cause") == "image"
    return (None if result.exit_code == 0 else f"true ended with {result.exit_code} in it"), False


if __name__ == "__main__":
    fault, about_image = asyncio.run(probe(json.loads(sys.argv[1])["image"]))
    sys.stdout.write(json.dumps({"fault": fault, "about_image": about_image}) + "\n")
