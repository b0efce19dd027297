"""All looks at one machine."""

from __future__ import annotations

from dataclasses import dataclass

from claudebox_rl.config import AgentConfig, ModelConfig, SandboxConfig
from claudebox_rl.session.checkup.finding import Finding
from claudebox_rl.session.checkup.host import check_room
from claudebox_rl.session.checkup.model import check_agent, check_model
from claudebox_rl.session.checkup.sandboxes import check_sandboxes
from claudebox_rl.session.templates.image import image_of
from claudebox_rl.tasks import find_tasks


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the machine is to play."""

    sandbox: SandboxConfig
    model: ModelConfig
    agent: AgentConfig
    task: str
    """Selector of the tasks; the first one's solution and image are looked at."""


async def check_machine(wanted: Wanted) -> list[Finding]:
    """Look at everything that an episode needs of the machine that this runs on; no key is among what is returned.

    Raises:
        TaskError: There is no such task here.
        ConfigError: A setting is unknown.
    """
    task = find_tasks(wanted.task)[0]
    sandboxes = await check_sandboxes(wanted.sandbox.name, image_of(wanted.sandbox) or task.image)
    return [
        *check_room(),
        *sandboxes,
        check_agent(wanted.agent),
        await check_model(wanted.model, wanted.agent, task),
    ]
