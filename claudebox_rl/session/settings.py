"""What a session is asked to be: the arguments of `ClaudeBox`, checked, and what is remembered of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from claudebox_rl.agent.guard import ToolGuard
from claudebox_rl.config import AgentConfig, BudgetConfig, ModelConfig, SandboxConfig, parse, to_json
from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway import Keys
from claudebox_rl.sandbox import Mount
from claudebox_rl.session.budget import Budget, check_budget, find_budget
from claudebox_rl.session.security.check import check_session
from claudebox_rl.session.security.enforce import prompt_limit
from claudebox_rl.session.security.policy import SecurityPolicy
from claudebox_rl.session.security.presets import find_security_policy
from claudebox_rl.session.skills.registry import find_skills
from claudebox_rl.session.skills.skill import Skill
from claudebox_rl.session.task_image import with_task_image
from claudebox_rl.session.templates.image import with_template
from claudebox_rl.session.templates.template import SandboxTemplate
from claudebox_rl.tasks import Task, find_tasks
from claudebox_rl.types import CodeResult, Failure

Volume = Mount | tuple[str | Path, str] | tuple[str | Path, str, str]
Env = Mapping[str, str] | Sequence[tuple[str, str]]
_MIB_OF_GB = 1024
_KEYS = {
    "CLAUDE_CODE_OAUTH_TOKEN": "oauth_token",
    "ANTHROPIC_API_KEY": "api_key",
    "ANTHROPIC_AUTH_TOKEN": "api_key",
}
_IMAGES = frozenset({"image", "template"})
_SIZES = ("cpus", "memory_mib", "disk_size_gb")


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """The checked arguments."""

    model: ModelConfig
    agent: AgentConfig
    sandbox: SandboxConfig
    task: Task | None = None
    skills: tuple[Skill, ...] = ()
    volumes: tuple[Mount, ...] = ()
    ports: tuple[tuple[int, int], ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    keys: Keys = field(default_factory=Keys)
    security_policy: SecurityPolicy | None = None
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    guards: tuple[ToolGuard, ...] = ()
    seed: int | None = None

    def limit_s(self, asked_s: float | None) -> float | None:
        """Return how long a prompt may take, which asks for `asked_s`; None: as the agent's settings say."""
        needed_s = self.task.agent_timeout_s if self.task and self.agent.timeout_s is None else None
        return prompt_limit(self.security_policy, asked_s or needed_s, self.agent.timeout_s)

    def is_overtime(self, result: CodeResult) -> bool:
        """Say whether nothing of a prompt may go on, by the security policy."""
        policy = self.security_policy
        return result.failure is Failure.TIMEOUT and policy is not None and policy.max_execution_time_s is not None

    def remembered(self) -> dict[str, Any]:
        """Return what a session goes on with after a reconnect, as arguments of `ClaudeBox`: JSON, and no secrets.

        The values of variables are not kept, only their names, since any may be a secret.
        """
        return {
            "task": str(self.task.path) if self.task else None,
            "model": to_json(self.model),
            "agent": to_json(self.agent),
            "sandbox": to_json(self.sandbox),
            "skills": [skill.name for skill in self.skills],
            "volumes": [[str(each.source), each.target, "ro" if each.read_only else "rw"] for each in self.volumes],
            "ports": [list(pair) for pair in self.ports],
            "env": sorted(self.env),
            "security_policy": self.security_policy.to_dict() if self.security_policy else None,
            "budget": to_json(self.budget),
        }


def make_settings(
    *,
    task: Task | str | None,
    model: str | dict[str, Any] | ModelConfig,
    agent: str | dict[str, Any] | AgentConfig,
    sandbox: str | dict[str, Any] | SandboxConfig,
    image: str | None,
    template: SandboxTemplate | str | None,
    cpus: float | None,
    memory_mib: int | None,
    disk_size_gb: int | None,
    skills: Sequence[str | Skill],
    volumes: Iterable[Volume],
    ports: Iterable[tuple[int, int]],
    env: Env | None,
    keys: Keys,
    security_policy: SecurityPolicy | str | Mapping[str, Any] | None = None,
    budget: Budget = None,
    guards: Iterable[ToolGuard] = (),
    seed: int | None = None,
) -> SessionSettings:
    """Check the arguments of `ClaudeBox`.

    Raises:
        ConfigError: One is unknown, of a wrong type, or contradicts another.
        SkillNotFoundError: A skill is unknown.
        TaskError: The task is unknown or malformed.
        TemplateError: The template is unknown or not built on this machine.
        SandboxStartError: The image is a layout that can't be read.
    """
    disk_mib = None if disk_size_gb is None else disk_size_gb * _MIB_OF_GB
    given = {"image": image, "cpus": cpus, "memory_mib": memory_mib, "disk_mib": disk_mib}
    found = _one_task(task) if isinstance(task, str) else task
    settings = SessionSettings(
        task=found,
        model=parse(ModelConfig, model, key="upstream", where="model"),
        agent=parse(AgentConfig, agent, key="name", where="agent"),
        sandbox=with_template(_sized(parse(SandboxConfig, sandbox, key="name", where="sandbox"), given), template),
        skills=find_skills(skills, found.skills if found else ()),
        volumes=tuple(_mount(volume) for volume in volumes),
        ports=tuple(_pair(pair) for pair in ports),
        env=_variables(env),
        keys=keys,
        security_policy=find_security_policy(security_policy),
        budget=find_budget(budget),
        guards=tuple(guards),
        seed=seed,
    )
    config, found = with_task_image(settings.sandbox, found)
    settings = replace(settings, sandbox=config, task=found)
    check_budget(settings.budget, settings.agent)
    if settings.security_policy is not None:
        check_session(settings.security_policy, settings.sandbox, settings.agent, settings.task, settings.volumes)
    return settings


def from_memory(session_id: str, remembered: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with which a session goes on.

    Args:
        session_id: The session, for messages.
        remembered: What `SessionSettings.remembered` gave at its creation.
        overrides: What is given now, which wins.

    Raises:
        ConfigError: It was made with variables, whose values are not kept, and none are given now.
    """
    arguments = dict(remembered)
    names = arguments.pop("env", [])
    if names and overrides.get("env") is None:
        raise ConfigError(
            f"session {session_id!r} was made with env {', '.join(names)}, whose values are not kept: give env= again, "
            "or env={} to go on without",
            session_id=session_id,
        )
    arguments["volumes"] = [tuple(volume) for volume in arguments.get("volumes", [])]
    arguments["ports"] = [tuple(pair) for pair in arguments.get("ports", [])]
    if "sandbox" not in overrides and isinstance(arguments.get("sandbox"), dict):
        replaced = {"disk_mib" if name == "disk_size_gb" else name for name in _SIZES if name in overrides}
        replaced |= _IMAGES if _IMAGES & overrides.keys() else set()
        arguments["sandbox"] = {name: v for name, v in arguments["sandbox"].items() if name not in replaced}
    return {**arguments, **overrides}


def _one_task(selector: str) -> Task:
    tasks = find_tasks(selector)
    if len(tasks) != 1:
        raise ConfigError(
            f"a session plays one task; {selector!r} names {len(tasks)}: {', '.join(t.task_id for t in tasks)}"
        )
    return tasks[0]


def _sized(config: SandboxConfig, given: Mapping[str, Any]) -> SandboxConfig:
    set_here = {name: value for name, value in given.items() if value is not None}
    for name, value in set_here.items():
        before = getattr(config, name)
        if before is not None and before != value:
            raise ConfigError(f"{name}={value!r} contradicts sandbox.{name}={before!r}: give one of them", field=name)
    return replace(config, **set_here)


def _mount(volume: Volume) -> Mount:
    if isinstance(volume, Mount):
        return volume
    source, target, mode = (*volume, "rw") if len(volume) == 2 else volume
    if mode not in ("ro", "rw"):
        raise ConfigError(f"volumes: {mode!r} of {target} must be 'ro' or 'rw'", field="volumes")
    return Mount(Path(source).expanduser().absolute(), target, read_only=mode == "ro")


def _pair(pair: tuple[int, int]) -> tuple[int, int]:
    host, inside = pair
    for port in (host, inside):
        if type(port) is not int or not 0 < port < 1 << 16:
            raise ConfigError(f"ports: {port!r} is not a port, from 1 to 65535", field="ports")
    return host, inside


def _variables(env: Env | None) -> dict[str, str]:
    variables = dict(env or {})
    for name in variables.keys() & _KEYS.keys():
        raise ConfigError(
            f"env: {name} would be seen inside; give {_KEYS[name]}= instead, which stays on the host", name=name
        )
    for name, value in variables.items():
        if not isinstance(name, str) or not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError(f"env: {name!r} and its value must be texts", field="env")
    return variables
