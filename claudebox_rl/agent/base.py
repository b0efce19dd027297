"""The contract of an agent: a program that turns prompts into changes of a sandbox."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from claudebox_rl.agent.guard import ToolGuard
from claudebox_rl.config import AgentConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import Mount, Sandbox
from claudebox_rl.types import CodeResult, ToolCall

DEFAULT_TIMEOUT_S = 1800.0
OnAction = Callable[[ToolCall, int], None]
"""Takes a tool call that has its result, and the index of the turn that made it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the agent finds its model, as seen from inside the sandbox."""

    base_url: str
    """`http://host:port/e/<episode>`."""
    secret: str = field(repr=False)
    """Of this episode only; worthless elsewhere."""
    model: str
    """Model id that the agent asks for."""


@dataclass(frozen=True, slots=True)
class PromptOptions:
    """Limits of one prompt; None leaves what the session's config says."""

    max_turns: int | None = None
    allowed_tools: tuple[str, ...] | None = None
    disallowed_tools: tuple[str, ...] | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """What an agent keeps from one opening of a session to the next."""

    folder: Path
    """Of the host; seen inside at the agent's `state_target`. What is in it was written inside: trust none of it."""
    on_change: Callable[[str], None]
    """Takes the id under which the conversation goes on; to be called before a prompt is sent."""
    conversation_id: str = ""
    """Of an earlier opening; empty where there was none."""
    spent_usd: float = 0.0
    """By earlier openings."""
    cut_off: tuple[ToolCall, ...] = ()
    """Calls of prompts that a crash cut off: the agent may not have written down all of them."""
    cut_off_prompts: tuple[str, ...] = ()
    """Those prompts, likewise."""


@dataclass(frozen=True, slots=True)
class AgentContext:
    """What an agent is started with."""

    sandbox: Sandbox
    config: AgentConfig
    cwd: str
    """Working directory inside, without the sandbox's `root`."""
    endpoint: Endpoint | None = None
    """None where the agent asks no model."""
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """The task's own variables, and those of the skills: secrets may be among them."""
    plugins: tuple[str, ...] = ()
    """Folders inside with plug-ins of the CLI's own format; they hold the session's skills."""
    secrets: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Variables of `env` that are nowhere recorded: name -> value."""
    solution: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """The task's solution files, for agents that play it."""
    options: PromptOptions = PromptOptions()
    """Of the first prompt, most likely: what the agent is started for."""
    conversation: Conversation | None = None
    """None where it ends with the session."""
    on_action: OnAction | None = None
    """Told of each tool call while the prompt is at work."""
    guards: tuple[ToolGuard, ...] = ()
    """Asked before every tool call, in this order; see `GuardPost`."""
    seed: int | None = None
    """What the agent draws of its own (a new conversation's id) follows from it; None: nobody can tell it before."""


class Agent(ABC):
    """A program at work in one sandbox. `start` once, `prompt` one at a time, `stop` always.

    Args:
        context: The sandbox and what is known of the session.

    Raises:
        ConfigError: The context has guards, and the program can't be made to ask them; or as `check`.
    """

    name: ClassVar[str]
    needs_model: ClassVar[bool]
    """Whether the session must open a gateway for it."""
    asks_guards: ClassVar[bool] = False
    """Whether it has the context's guards judge its tool calls; one that does not is refused where there are any."""
    plays_solution: ClassVar[bool] = False
    """Whether it needs the task's solution; a task without one is refused."""
    state_target: ClassVar[str | None] = None
    """Folder inside in which it keeps its conversation; None: it has none."""

    def __init__(self, context: AgentContext) -> None:
        if context.guards and not self.asks_guards:
            raise ConfigError(f"agent={self.name} can't have its tool calls judged; use agent=claude", field="agent")
        self.check(context.config)
        self.context = context
        self.version = ""

    @classmethod
    def check(cls, config: AgentConfig) -> None:
        """Refuse settings that it can't work with.

        Raises:
            ConfigError: Names the setting and its range.
        """
        return

    @classmethod
    def mounts(cls) -> tuple[Mount, ...]:
        """Return the host folders that the sandbox must show, read-only.

        Raises:
            AgentError: The program is not installed on this host.
        """
        return ()

    @abstractmethod
    async def start(self) -> None:
        """Bring the agent to where it takes a prompt.

        Raises:
            AgentError: It did not start; the message holds the end of what it printed.
        """

    @abstractmethod
    async def prompt(self, text: str, options: PromptOptions) -> CodeResult:
        """Work on one prompt to its end, or to a limit.

        Failures of the agent, the model and the limits are in the result.

        Raises:
            SandboxUnavailableError: The machine died.
        """

    async def interrupt(self) -> None:
        """Have the prompt that is at work come to its end soon, with a result; without one, or a way, do nothing."""
        return

    async def settle(self) -> None:
        """Come to where all that a later prompt builds upon lies in the machine's files; between prompts only."""
        return

    def follow(self, parent: Agent) -> None:
        """Go on where the agent of the session stands that this one was forked from; before `start`."""
        return

    @abstractmethod
    async def stop(self) -> None:
        """End the agent and every process that it started. Idempotent."""
