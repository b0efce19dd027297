"""What several tests of skills need: a package that is nowhere but here, and scripted sessions."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from claudebox_rl import ClaudeBox
from claudebox_rl.session.skills.skill import Skill
from claudebox_rl.types import CodeResult

NUMBERS = Skill("numbers", "Count zebras in a herd", requirements=("zebra-counter",))
"""Needs the wheel of `write_wheel`, and no network."""


def write_wheel(folder: Path, *, version: str = "1.2.3", name: str = "zebra_counter") -> Path:
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.py", f"VERSION = {version!r}\n\n\ndef main():\n    print('zebras', VERSION)\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/entry_points.txt", f"[console_scripts]\nzebras = {name}:main\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def bash(command: str) -> dict[str, Any]:
    return {"tools": [{"name": "Bash", "input": {"command": command}}]}


def scripted(*turns: dict[str, Any], **options: Any) -> AbstractAsyncContextManager[ClaudeBox]:
    script = [*turns, {"text": "done"}]
    return ClaudeBox(model={"upstream": "scripted", "options": {"script": script}}, **options)


async def said(*commands: str, **options: Any) -> CodeResult:
    """Play some commands by the real CLI and return the prompt's result."""
    async with scripted(*map(bash, commands), **options) as box:
        result = await box.code("go")
    assert result.success, result.error
    return result


async def use_with_port(port: int, commands: Sequence[str], *skills: str | Skill, **options: Any) -> CodeResult:
    """As `said`, with a server of the host's loopback led into the machine, at the same port."""
    options = {"sandbox": "local", **options}
    async with scripted(*map(bash, commands), skills=skills, **options) as box:
        assert await box.sandbox.expose_host_port(port) == f"127.0.0.1:{port}"
        result = await box.code("go", timeout_s=300)
    assert result.success, result.error
    for call in result.action_log:
        assert not call.is_error, call.output
    return result
