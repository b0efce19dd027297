"""Programs that work in a sandbox: the real Claude Code CLI; and, without a model, a shell and three to test tasks."""

from __future__ import annotations

from claudebox_rl._registry import resolve
from claudebox_rl.agent.base import Agent, AgentContext, Conversation, Endpoint, PromptOptions

AGENTS = {
    "careless": "claudebox_rl.agent.careless:CarelessAgent",
    "claude": "claudebox_rl.agent.claude:ClaudeAgent",
    "nop": "claudebox_rl.agent.nop:NopAgent",
    "oracle": "claudebox_rl.agent.oracle:OracleAgent",
    "shell": "claudebox_rl.agent.shell:ShellAgent",
}


def agent_class(name: str) -> type[Agent]:
    """Return the agent class of that name.

    Raises:
        ConfigError: Unknown name (the message lists the known ones).
    """
    return resolve("agent", name, AGENTS)


__all__ = ["AGENTS", "Agent", "AgentContext", "Conversation", "Endpoint", "PromptOptions", "agent_class"]
