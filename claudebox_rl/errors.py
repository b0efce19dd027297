"""Every error a caller may handle, picklable, with one base class.

Ray carries exceptions between processes by pickle, so each class takes one message and keyword context, and comes back
as the same type with the same context.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any


class ClaudeBoxError(Exception):
    """Base of all errors that claudebox_rl raises on purpose.

    Args:
        message: What went wrong and, where there is one, the fix.
        **context: Facts for programs (`task_id`, `field`, `exit_code`); picklable values only.
    """

    def __init__(self, message: str, **context: Any) -> None:
        super().__init__(message)
        self.message = message
        self.context = context

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.context)


def _rebuild(cls: type[ClaudeBoxError], message: str, context: dict[str, Any]) -> ClaudeBoxError:
    return cls(message, **context)


class ConfigError(ClaudeBoxError, ValueError):
    """A setting is unknown or out of range; raised before any machine starts."""


class TaskError(ClaudeBoxError, ValueError):
    """A task folder is malformed, or can't be played on the chosen sandbox."""


class SessionNotFoundError(ClaudeBoxError):
    """No session of that id is stored."""


class SessionAlreadyExistsError(ClaudeBoxError):
    """A session of that id is open already."""


class WorkspaceError(ClaudeBoxError):
    """A session's folder can't be made, read or written."""


class SkillError(ClaudeBoxError):
    """A skill can't be used."""


class SkillNotFoundError(SkillError):
    """No skill of that name is registered."""


class SkillInstallationError(SkillError):
    """A skill's installation failed in the sandbox."""


class TemplateError(ClaudeBoxError):
    """A template is unknown or malformed."""


class PolicyViolationError(ClaudeBoxError, PermissionError):
    """The security policy forbids what was asked."""


class SandboxError(ClaudeBoxError):
    """A sandbox can't do what was asked."""


class SandboxStartError(SandboxError):
    """The machine did not start; the message says what to install or enable."""


class SandboxUnavailableError(SandboxError):
    """The machine is dead or was stopped; nothing more can be run in it."""


class SandboxAttachError(SandboxError):
    """A running machine can't be taken over.

    Its context has `cause`: `unknown` (no such machine), `gone` (it has ended), `held` (its owner, `pid`, lives),
    `owner` (it was made to end with its owner), `elsewhere` (made in another container or on another host), `home` (its
    backend's folder is in use, by `pid`) or `refused` (what answers inside is not its supervisor, or nothing does).
    """


class SandboxTimeoutError(SandboxError, TimeoutError):
    """A machine did not answer in its time (a command's own time-out is a result, not an error)."""


class OutputLimitError(SandboxError):
    """A file or an answer from a sandbox is larger than its cap."""


class AgentError(ClaudeBoxError):
    """The agent's process failed: it did not start, crashed, or printed what can't be read."""


class GatewayError(ClaudeBoxError):
    """The model behind the gateway failed: refused, overloaded, unreachable or talking garbage."""


class BudgetExceededError(ClaudeBoxError):
    """A limit of dollars or tokens was reached."""


class VerifierError(ClaudeBoxError):
    """The verifier gave no verdict: it crashed, timed out or wrote no readable reward."""


class RewardError(ClaudeBoxError):
    """A reward function failed, or gave what is no finite number; `context["result"]` holds the prompt's result."""


class VectorEnvError(ClaudeBoxError):
    """Some environments of a vector failed, and the others are done.

    Its context has `errors`, the exceptions by index, and `results`, what the call would have returned of the others.
    """


class QuarantineError(ClaudeBoxError):
    """A task broke several workers and is no longer played; `context["episode_ids"]` names the evidence."""


class RolloutError(ClaudeBoxError):
    """A rollout was stopped, since it failed everywhere; finished episodes are kept."""


class TrajectoryError(ClaudeBoxError):
    """A dataset can't be read or written."""


class SchemaVersionError(TrajectoryError):
    """A dataset was written with a schema that this version can't read."""


@contextmanager
def boundary(error: type[ClaudeBoxError], what: str, **context: Any) -> Generator[None]:
    """Translate foreign exceptions into `error`, at the edge where they cross.

    Our own errors, cancellation and interrupts pass unchanged.

    Args:
        error: The class to raise.
        what: What was being done; opens the message.
        **context: Passed on to the error.

    Raises:
        ClaudeBoxError: `error`, with the foreign exception as its cause.
    """
    try:
        yield
    except ClaudeBoxError:
        raise
    except Exception as cause:
        detail = str(cause) or type(cause).__name__
        raise error(f"{what}: {detail}", **context) from cause
