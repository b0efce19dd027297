"""How episodes and prompts end, and where an episode is until then."""

from __future__ import annotations

import asyncio
from enum import StrEnum

from claudebox_rl.errors import AgentError


class Outcome(StrEnum):
    """How an episode ended."""

    COMPLETED = "completed"
    """The verifier judged it."""
    TRUNCATED = "truncated"
    """A limit of steps, turns, time, tokens or dollars was reached."""
    AGENT_ERROR = "agent_error"
    """The agent's own process failed."""
    INFRA_ERROR = "infra_error"
    """A machine, a model endpoint, a worker or the verifier failed: never a reward of 0."""
    CANCELLED = "cancelled"
    """Somebody stopped it."""

    @property
    def valid_for_training(self) -> bool:
        """False where the return says nothing about the policy."""
        return self not in (Outcome.INFRA_ERROR, Outcome.CANCELLED)

    @classmethod
    def of_error(cls, error: BaseException, *, begun: bool) -> Outcome:
        """Return how an episode ended that `error` ended; `begun` once its agent had started."""
        if isinstance(error, KeyboardInterrupt | SystemExit | asyncio.CancelledError):
            return cls.CANCELLED
        return cls.AGENT_ERROR if isinstance(error, AgentError) and begun else cls.INFRA_ERROR


class Stage(StrEnum):
    """Where an episode is that is being played."""

    QUEUED = "queued"
    """At a worker; its machine waits for its turn to start."""
    START = "start"
    """Its machine starts."""
    SETUP = "setup"
    """Its task's files are put in place and its agent starts."""
    AGENT = "agent"
    """Policy and agent are at work."""
    VERIFY = "verify"
    """Its final state is judged."""


class Failure(StrEnum):
    """Why a prompt did not succeed."""

    API_ERROR = "api_error"
    """The model endpoint failed for good (after the CLI's retries)."""
    MAX_TURNS = "max_turns"
    BUDGET = "budget"
    """A limit of the session's budget, or of the agent's own, was reached."""
    TIMEOUT = "timeout"
    """The prompt's deadline passed and the agent was interrupted."""
    CRASH = "crash"
    """The agent's process ended without a result."""
    MALFORMED = "malformed"
    """The agent printed what is not its protocol."""
    EXECUTION = "execution"
    """The agent reported an error of its own."""
