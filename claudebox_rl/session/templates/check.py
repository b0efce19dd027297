"""Whether a template's tools answer: each of its recipe's checks, in a real sandbox without a network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from claudebox_rl.sandbox import SandboxSpec, sandbox_class
from claudebox_rl.session.templates.image import get_template_image
from claudebox_rl.session.templates.recipe import load_recipe
from claudebox_rl.session.templates.template import SandboxTemplate, get_template

_CHECK_S = 1200.0
"""On an emulated processor, compiling a line of TypeScript takes minutes."""
_MEMORY_MIB = 2048
_START_S = 1800.0
"""BoxLite makes a disk of an image at its first start, which is part of that start."""


@dataclass(frozen=True, slots=True)
class ToolCheck:
    """What one tool answered."""

    tool: str
    command: str
    exit_code: int
    said: str
    """Its standard output, and its standard error where it failed."""
    duration_s: float

    @property
    def passed(self) -> bool:
        """Whether it answered."""
        return self.exit_code == 0


async def check_template(template: SandboxTemplate | str, sandbox: str) -> AsyncIterator[ToolCheck]:
    """Run a template's checks one after the other, and yield each as it ends.

    Args:
        template: A built one.
        sandbox: Backend by name, not `auto`.

    Raises:
        TemplateError: It is unknown or not built.
        ConfigError: The backend boots no OCI layouts.
        SandboxStartError: The machine did not start.
    """
    known = get_template(template)
    image = get_template_image(known)
    spec = SandboxSpec(image=image, memory_mib=_MEMORY_MIB, start_timeout_s=_START_S)
    async with sandbox_class(sandbox)(spec) as machine:
        for tool, command in load_recipe(known.value).checks.items():
            done = await machine.exec(["bash", "-o", "pipefail", "-c", command], timeout_s=_CHECK_S)
            said = done.text if done.exit_code == 0 else done.text + done.stderr.decode("utf-8", "replace")
            yield ToolCheck(tool, command, done.exit_code, said.strip(), done.duration_s)
