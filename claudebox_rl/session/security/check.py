"""What of a session contradicts its security policy, found before anything starts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from claudebox_rl.agent import agent_class
from claudebox_rl.config import AgentConfig, SandboxConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import Mount
from claudebox_rl.session.security.enforce import hosts_within, limited
from claudebox_rl.session.security.policy import SecurityPolicy
from claudebox_rl.tasks import Task


def check_session(
    policy: SecurityPolicy,
    sandbox: SandboxConfig,
    agent: AgentConfig,
    task: Task | None,
    volumes: Iterable[Mount] = (),
) -> None:
    """Refuse a session that its policy can't hold for.

    Raises:
        ConfigError: Names the policy's field, and what would help.
    """
    hosts_within(policy, limited(sandbox, policy, task), task)
    if policy.judges_calls and not agent_class(agent.name).asks_guards:
        raise ConfigError(
            f"security_policy: agent={agent.name} can't have its tool calls judged; use agent=claude", field="agent"
        )
    if policy.file_system == "full":
        return
    allowed = policy.allowed_paths if policy.file_system == "workspace_only" else ()
    for volume in volumes:
        if not volume.read_only and not any(PurePosixPath(volume.target).is_relative_to(path) for path in allowed):
            raise ConfigError(
                f"volumes: {volume.target} is writable, and security_policy.file_system={policy.file_system} does not "
                "allow that: mount it 'ro', or name it in allowed_paths of workspace_only",
                field="file_system",
            )
