"""What an environment is made from, checked before anything starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from claudebox_rl._registry import check
from claudebox_rl.agent import AGENTS
from claudebox_rl.config import AgentConfig, BudgetConfig, ModelConfig, SandboxConfig, parse, to_json
from claudebox_rl.env.seats import seat_class
from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway import UPSTREAMS
from claudebox_rl.sandbox import check_sandbox_name
from claudebox_rl.session.budget import Budget, check_budget, find_budget
from claudebox_rl.session.security.check import check_session
from claudebox_rl.session.security.policy import SecurityPolicy
from claudebox_rl.session.security.presets import find_security_policy
from claudebox_rl.session.skills.registry import find_skills
from claudebox_rl.session.templates.image import with_template

Setting = str | dict[str, Any]


@dataclass(frozen=True, slots=True)
class EnvSettings:
    """Everything about the machines and agents of an environment, but the task."""

    seat: str
    """What the policy plays, by name."""
    model: ModelConfig
    agent: AgentConfig
    sandbox: SandboxConfig
    max_steps: int
    """Steps after which the episode is truncated and judged."""
    skills: tuple[str, ...] = ()
    """Names: a specification is JSON, and whoever plays it looks them up where it is."""
    security_policy: SecurityPolicy | None = None
    """What each session may do."""
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    """What each episode may use of its model."""
    read_changes: bool = False
    """Whether results say what prompts did to the files."""
    keep_workspace: bool = True
    """Whether the final state of the workspace is told at the end."""

    def as_json(self) -> dict[str, Any]:
        """Return the settings as plain JSON, for the dataset."""
        policy = self.security_policy
        return to_json(self) | {"security_policy": policy.to_dict() if policy else None}


def make_settings(
    *,
    seat: str,
    model: Setting | ModelConfig | None,
    agent: Setting | AgentConfig | None,
    sandbox: Setting | SandboxConfig,
    max_steps: int | None,
    skills: Sequence[str] = (),
    template: str | None = None,
    security_policy: Setting | SecurityPolicy | None = None,
    budget: Budget = None,
    read_changes: bool = False,
    keep_workspace: bool = True,
) -> EnvSettings:
    """Check what a user gave and make the settings; None stands for the seat's own.

    Raises:
        ConfigError: An unknown name (the message lists the known ones), field or value, or one that has no place beside
            the seat.
        SkillNotFoundError: A skill is unknown.
        TemplateError: The template is unknown or not built on this machine.
    """
    if not all(isinstance(name, str) for name in skills):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError("skills of an environment are names: register_skill, or give module:SKILL", field="skills")
    find_skills(skills)
    kind = seat_class(seat)
    max_steps = kind.max_steps if max_steps is None else max_steps
    if isinstance(max_steps, bool) or max_steps < 1:
        raise ConfigError(f"max_steps must be an integer of at least 1, not {max_steps!r}")
    settings = EnvSettings(
        seat,
        parse(ModelConfig, _named(model, "upstream", kind.model), key="upstream", where="model"),
        parse(AgentConfig, _named(agent, "name", kind.agent), key="name", where="agent"),
        with_template(parse(SandboxConfig, sandbox, key="name", where="sandbox"), template),
        max_steps,
        tuple(skills),
        find_security_policy(security_policy),
        find_budget(budget),
        read_changes,
        keep_workspace,
    )
    check("model", settings.model.upstream, UPSTREAMS)
    check("agent", settings.agent.name, AGENTS)
    check_sandbox_name(settings.sandbox.name)
    kind.check_settings(settings.model, settings.agent)
    check_budget(settings.budget, settings.agent)
    if settings.security_policy is not None:
        check_session(settings.security_policy, settings.sandbox, settings.agent, None)
    return settings


def _named(given: Any, key: str, default: str) -> Any:
    """Return a setting with the name that the seat has for it, where none was given."""
    if isinstance(given, dict):
        return {key: default, **cast("dict[str, Any]", given)}
    return default if given is None else given
