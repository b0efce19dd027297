"""The contract of a seat."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import gymnasium as gym

from claudebox_rl.agent import agent_class
from claudebox_rl.config import AgentConfig, ModelConfig
from claudebox_rl.env.start import EpisodeStart
from claudebox_rl.errors import AgentError, ConfigError, GatewayError
from claudebox_rl.session.box import ClaudeBox
from claudebox_rl.tasks import Task
from claudebox_rl.types import CodeResult, Failure, ModelCall

Observation = dict[str, Any]
LIMITS = frozenset({Failure.MAX_TURNS, Failure.BUDGET, Failure.TIMEOUT})
"""How a prompt ends that truncates the episode; other failures are errors."""


@dataclass(frozen=True, slots=True)
class Acted:
    """What an action did, beside what can be observed."""

    is_final: bool = False
    """The work is handed in: the state is to be judged."""
    is_limited: bool = False
    """A limit was reached: likewise, but the episode is truncated."""
    result: CodeResult | None = None
    """Of the prompt that came to its end with this action."""
    model_calls: tuple[ModelCall, ...] = ()


class Seat(ABC):
    """The policy's place in one episode.

    The class methods are asked by the environment, wherever it is; an object is made for each episode, where the
    machine is.

    Args:
        start: What the episode begins with.
        config: The agent's settings.
    """

    name: ClassVar[str]
    agent: ClassVar[str] = "claude"
    """The program at work, where nothing else is said."""
    model: ClassVar[str] = "oracle"
    """The upstream that answers it, likewise."""
    max_steps: ClassVar[int] = 100
    """Likewise."""
    has_checkpoints: ClassVar[bool] = False
    """Whether tasks with checkpoints can be played: the policy learns of each next one."""
    can_fork: ClassVar[bool] = False
    """Whether nothing is at work between two steps, so that an episode can be forked there."""

    def __init__(self, start: EpisodeStart, config: AgentConfig) -> None:
        self.start, self.config = start, config

    @classmethod
    @abstractmethod
    def observation_space(cls) -> gym.spaces.Dict:
        """Return the space of what the policy sees; its `facts` is a `Box`."""

    @classmethod
    @abstractmethod
    def action_space(cls) -> gym.Space[Any]:
        """Return the space of what it can do."""

    @classmethod
    def check_settings(cls, model: ModelConfig, agent: AgentConfig) -> None:
        """Refuse a model or an agent that has no place beside this seat.

        Raises:
            ConfigError: Says what to give instead.
        """
        if model.upstream == "policy" and agent_class(agent.name).needs_model:
            raise ConfigError("model=policy waits for the model's seat (ClaudeBoxModel-v0); here another one answers")

    @classmethod
    @abstractmethod
    def shown(cls, observation: Observation) -> str:
        """Return what `render` shows of an observation."""

    @classmethod
    @abstractmethod
    def check_action(cls, action: Any) -> Any:
        """Return an action in the form in which `act` takes it; nothing was sent yet.

        Raises:
            ConfigError: It is malformed.
        """

    def session(self) -> dict[str, Any]:
        """Return further arguments of the episode's `ClaudeBox`."""
        return {}

    async def begin(self, box: ClaudeBox) -> None:
        """Take the open session, and come to where the policy is asked for its first action."""
        self.box = box

    @abstractmethod
    async def act(self, action: Any) -> Acted:
        """Do what the policy chose, up to where it is asked again.

        Raises:
            AgentError: The agent failed; `context` holds the `result` and the `model_calls` until then.
            GatewayError: The model endpoint failed, with the same context.
            SandboxUnavailableError: The machine died.
        """

    @abstractmethod
    def observe(self, step_index: int) -> Observation:
        """Return what the policy sees now.

        Args:
            step_index: Actions until now.
        """

    def fork(self, start: EpisodeStart, box: ClaudeBox) -> Self:
        """Return this seat in an episode that goes on from here; only where `can_fork`."""
        heir = copy.copy(self)
        heir.start, heir.box = start, box
        return heir

    def begin_checkpoint(self, task: Task) -> None:
        """Go on with the task's next checkpoint; only where `has_checkpoints`."""
        self.start = replace(self.start, task=task)

    async def leave(self) -> CodeResult | None:
        """Come to an end before the state is judged; return the result of a prompt that was cut short by it."""
        return None

    async def close(self) -> None:
        """Let go of what is still at work; the session is about to be closed. Idempotent."""
        return


def text_action(action: object) -> str:
    """Return an action that must be a text.

    Raises:
        ConfigError: It is none, or empty.
    """
    if not isinstance(action, str) or not action:
        raise ConfigError(f"an action of this seat is a text that is not empty, not {action!r:.80}")
    return str(action)


def raise_failure(result: CodeResult, calls: tuple[ModelCall, ...]) -> None:
    """Raise for a prompt that failed by another cause than a limit.

    Raises:
        AgentError: The agent failed.
        GatewayError: The model endpoint failed.
    """
    if result.failure is None or result.failure in LIMITS:
        return
    error = GatewayError if result.failure is Failure.API_ERROR else AgentError
    raise error(result.error or str(result.failure), failure=str(result.failure), result=result, model_calls=calls)
