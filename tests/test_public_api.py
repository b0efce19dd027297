"""What users import, and what importing costs."""

from __future__ import annotations

import json
import subprocess
import sys

import claudebox_rl

PUBLIC = [
    "API_SKILL",
    "AWS_SKILL",
    "ActionLog",
    "BuiltinRewards",
    "ClaudeBox",
    "ClaudeBoxError",
    "CodeQualityReward",
    "CodeResult",
    "ConfigError",
    "CustomReward",
    "DATA_SCIENCE_SKILL",
    "DOCKER_SKILL",
    "EMAIL_SKILL",
    "EfficiencyReward",
    "Episode",
    "MYSQL_SKILL",
    "Outcome",
    "POSTGRES_SKILL",
    "PolicyViolationError",
    "READONLY_POLICY",
    "REDIS_SKILL",
    "RESEARCH_POLICY",
    "RESTRICTED_POLICY",
    "ResourceMetrics",
    "RewardError",
    "RewardFunction",
    "RubricReward",
    "SCRAPING_SKILL",
    "STANDARD_POLICY",
    "SUBMIT",
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
    "UNRESTRICTED_POLICY",
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


def test_the_public_names() -> None:
    assert sorted(claudebox_rl.__all__) == sorted(PUBLIC)


def test_every_name_resolves_and_has_a_docstring() -> None:
    for name in PUBLIC:
        value = getattr(claudebox_rl, name)
        assert isinstance(value, str) or value.__doc__, name


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(claudebox_rl, "no_such_name")


def loaded_after(statement: str) -> set[str]:
    script = f"{statement}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return set(json.loads(done.stdout))


def test_import_is_free() -> None:
    loaded = loaded_after("import claudebox_rl")
    heavy = {
        "ray",
        "boxlite",
        "pyarrow",
        "hydra",
        "omegaconf",
        "pandas",
        "torch",
        "transformers",
        "uvicorn",
        "httpx",
        "rich",
    }
    assert not heavy & loaded


def test_import_registers_the_environment() -> None:
    script = "import claudebox_rl, gymnasium as gym; print(gym.spec('ClaudeBox-v0').entry_point)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "claudebox_rl.env.make:make_claudebox"


def test_gymnasium_can_import_it_by_name() -> None:
    script = (
        "import gymnasium as gym; env = gym.make('claudebox_rl:ClaudeBox-v0', actor=False); "
        "import sys; print('ray' in sys.modules, env.unwrapped.tasks != {})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False True"
