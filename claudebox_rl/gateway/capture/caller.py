"""Who inside an agent makes a call, by the headers of Claude Code 2.1.330."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAIN = "main"
_AGENT, _PARENT = "x-claude-code-agent-id", "x-claude-code-parent-agent-id"
_SESSION = "x-claude-code-session-id"


@dataclass(frozen=True, slots=True)
class Caller:
    """One conversation of an agent."""

    agent: str = MAIN
    """`main`, or the id of a sub-agent."""
    session: str = ""
    """Changed by `/clear` and by a fresh start of the agent, not by sub-agents and compaction; empty where untold."""
    parent_agent: str = MAIN
    """Who started the sub-agent."""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Caller:
        """Read the headers of a request, by lower-case name."""
        return cls(headers.get(_AGENT) or MAIN, headers.get(_SESSION, ""), headers.get(_PARENT) or MAIN)

    @property
    def is_main(self) -> bool:
        """Whether it is no sub-agent."""
        return self.agent == MAIN
