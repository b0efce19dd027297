"""Reinforcement-learning rollouts for coding agents, in real isolation.

Importing the package registers its environments with Gymnasium and does nothing else: no Ray, no machine, no file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from claudebox_rl.types import ENVIRONMENTS, SUBMIT

if TYPE_CHECKING:
    from claudebox_rl.distributed.rollout import rollout
    from claudebox_rl.env.fork import fork_env
    from claudebox_rl.errors import (
        ClaudeBoxError,
        ConfigError,
        PolicyViolationError,
        RewardError,
        SandboxError,
        SessionAlreadyExistsError,
        SessionNotFoundError,
        SkillError,
        SkillInstallationError,
        SkillNotFoundError,
        TemplateError,
        TrajectoryError,
        WorkspaceError,
    )
    from claudebox_rl.playing import run_episode
    from claudebox_rl.rewards import (
        BuiltinRewards,
        CodeQualityReward,
        CustomReward,
        EfficiencyReward,
        RewardFunction,
        RubricReward,
        SafetyReward,
        SuccessOnlyReward,
        combine_rewards,
    )
    from claudebox_rl.session.box import ClaudeBox
    from claudebox_rl.session.export import TrajectoryExporter
    from claudebox_rl.session.security.policy import SecurityPolicy
    from claudebox_rl.session.security.presets import (
        READONLY_POLICY,
        RESEARCH_POLICY,
        RESTRICTED_POLICY,
        STANDARD_POLICY,
        UNRESTRICTED_POLICY,
    )
    from claudebox_rl.session.skills.builtin import (
        API_SKILL,
        AWS_SKILL,
        DATA_SCIENCE_SKILL,
        DOCKER_SKILL,
        EMAIL_SKILL,
        MYSQL_SKILL,
        POSTGRES_SKILL,
        REDIS_SKILL,
        SCRAPING_SKILL,
    )
    from claudebox_rl.session.skills.registry import SkillRegistry, get_skill, list_skills, register_skill
    from claudebox_rl.session.skills.skill import Skill
    from claudebox_rl.session.templates.image import get_template_image
    from claudebox_rl.session.templates.template import SandboxTemplate, get_template_description, list_templates
    from claudebox_rl.session_types import ResourceMetrics, SessionInfo, SessionMetadata
    from claudebox_rl.trajectory import load_dataset, training_rows
    from claudebox_rl.types import ActionLog, CodeResult, Episode, Outcome

__version__ = "0.1.0"

_PUBLIC = {
    "API_SKILL": "claudebox_rl.session.skills.builtin",
    "AWS_SKILL": "claudebox_rl.session.skills.builtin",
    "ActionLog": "claudebox_rl.types",
    "BuiltinRewards": "claudebox_rl.rewards",
    "ClaudeBox": "claudebox_rl.session.box",
    "ClaudeBoxError": "claudebox_rl.errors",
    "CodeQualityReward": "claudebox_rl.rewards",
    "CodeResult": "claudebox_rl.types",
    "ConfigError": "claudebox_rl.errors",
    "CustomReward": "claudebox_rl.rewards",
    "DATA_SCIENCE_SKILL": "claudebox_rl.session.skills.builtin",
    "DOCKER_SKILL": "claudebox_rl.session.skills.builtin",
    "EMAIL_SKILL": "claudebox_rl.session.skills.builtin",
    "EfficiencyReward": "claudebox_rl.rewards",
    "Episode": "claudebox_rl.types",
    "MYSQL_SKILL": "claudebox_rl.session.skills.builtin",
    "Outcome": "claudebox_rl.types",
    "POSTGRES_SKILL": "claudebox_rl.session.skills.builtin",
    "PolicyViolationError": "claudebox_rl.errors",
    "READONLY_POLICY": "claudebox_rl.session.security.presets",
    "REDIS_SKILL": "claudebox_rl.session.skills.builtin",
    "RESEARCH_POLICY": "claudebox_rl.session.security.presets",
    "RESTRICTED_POLICY": "claudebox_rl.session.security.presets",
    "ResourceMetrics": "claudebox_rl.session_types",
    "RewardError": "claudebox_rl.errors",
    "RewardFunction": "claudebox_rl.rewards",
    "RubricReward": "claudebox_rl.rewards",
    "SCRAPING_SKILL": "claudebox_rl.session.skills.builtin",
    "STANDARD_POLICY": "claudebox_rl.session.security.presets",
    "SafetyReward": "claudebox_rl.rewards",
    "SandboxError": "claudebox_rl.errors",
    "SandboxTemplate": "claudebox_rl.session.templates.template",
    "SecurityPolicy": "claudebox_rl.session.security.policy",
    "SessionAlreadyExistsError": "claudebox_rl.errors",
    "SessionInfo": "claudebox_rl.session_types",
    "SessionMetadata": "claudebox_rl.session_types",
    "SessionNotFoundError": "claudebox_rl.errors",
    "Skill": "claudebox_rl.session.skills.skill",
    "SkillError": "claudebox_rl.errors",
    "SkillInstallationError": "claudebox_rl.errors",
    "SkillNotFoundError": "claudebox_rl.errors",
    "SkillRegistry": "claudebox_rl.session.skills.registry",
    "SuccessOnlyReward": "claudebox_rl.rewards",
    "TemplateError": "claudebox_rl.errors",
    "TrajectoryError": "claudebox_rl.errors",
    "TrajectoryExporter": "claudebox_rl.session.export",
    "UNRESTRICTED_POLICY": "claudebox_rl.session.security.presets",
    "WorkspaceError": "claudebox_rl.errors",
    "combine_rewards": "claudebox_rl.rewards",
    "fork_env": "claudebox_rl.env.fork",
    "get_skill": "claudebox_rl.session.skills.registry",
    "get_template_description": "claudebox_rl.session.templates.template",
    "get_template_image": "claudebox_rl.session.templates.image",
    "list_skills": "claudebox_rl.session.skills.registry",
    "list_templates": "claudebox_rl.session.templates.template",
    "load_dataset": "claudebox_rl.trajectory",
    "register_skill": "claudebox_rl.session.skills.registry",
    "rollout": "claudebox_rl.distributed.rollout",
    "run_episode": "claudebox_rl.playing",
    "training_rows": "claudebox_rl.trajectory",
}

__all__ = [
    "API_SKILL",
    "AWS_SKILL",
    "DATA_SCIENCE_SKILL",
    "DOCKER_SKILL",
    "EMAIL_SKILL",
    "MYSQL_SKILL",
    "POSTGRES_SKILL",
    "READONLY_POLICY",
    "REDIS_SKILL",
    "RESEARCH_POLICY",
    "RESTRICTED_POLICY",
    "SCRAPING_SKILL",
    "STANDARD_POLICY",
    "SUBMIT",
    "UNRESTRICTED_POLICY",
    "ActionLog",
    "BuiltinRewards",
    "ClaudeBox",
    "ClaudeBoxError",
    "CodeQualityReward",
    "CodeResult",
    "ConfigError",
    "CustomReward",
    "EfficiencyReward",
    "Episode",
    "Outcome",
    "PolicyViolationError",
    "ResourceMetrics",
    "RewardError",
    "RewardFunction",
    "RubricReward",
    "SafetyReward",
    "SandboxError",
    "SandboxTemplate",
    "SecurityPolicy",
    "SessionAlreadyExistsError",
    "SessionInfo",
    "SessionMetadata",
    "SessionNotFoundError",
    "Skill",
    "SkillError",
    "SkillInstallationError",
    "SkillNotFoundError",
    "SkillRegistry",
    "SuccessOnlyReward",
    "TemplateError",
    "TrajectoryError",
    "TrajectoryExporter",
    "WorkspaceError",
    "__version__",
    "combine_rewards",
    "fork_env",
    "get_skill",
    "get_template_description",
    "get_template_image",
    "list_skills",
    "list_templates",
    "load_dataset",
    "register_skill",
    "rollout",
    "run_episode",
    "training_rows",
]

_gymnasium: Any = import_module("gymnasium.envs.registration")  # partly untyped
for _seat, _env_id in ENVIRONMENTS.items():
    if _env_id not in _gymnasium.registry:
        _gymnasium.register(
            id=_env_id,
            entry_point="claudebox_rl.env.make:make_claudebox",
            vector_entry_point="claudebox_rl.env.vector:ClaudeBoxVectorEnv",
            nondeterministic=True,
            kwargs={"seat": _seat},
        )


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'claudebox_rl' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
