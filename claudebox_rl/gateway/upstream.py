"""The contract of what stands behind the gateway: something that answers Messages API requests."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway.estimate import estimate_tokens
from claudebox_rl.types import ModelCall


async def _nothing() -> None:
    return


async def once(data: bytes) -> AsyncIterator[bytes]:
    """Yield `data` as the whole body of a reply."""
    yield data


@dataclass(slots=True)
class Sampled:
    """What the model's side tells of an answer beyond its bytes; filled at the latest before the body's last chunk.

    Ids and log-probabilities are what the sampler itself gave: an upstream never makes them from text.
    """

    prompt_token_ids: tuple[int, ...] | None = None
    completion_token_ids: tuple[int, ...] | None = None
    logprobs: tuple[float, ...] | None = None
    """Natural logarithms, one for each completion token, of the distribution that was sampled from."""
    weight_version: str | None = None
    """As the server names the weights that answered."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one request; its bytes go to the agent as they are."""

    status: int
    """HTTP status; 0 closes the agent's connection without an answer."""
    content_type: str
    body: AsyncIterator[bytes]
    """Raises `GatewayError` where the model's side breaks off; the agent's connection is then cut too."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Further headers that the agent shall see (`request-id`, `retry-after`, `anthropic-ratelimit-*`)."""
    sampled: Sampled = field(default_factory=Sampled)
    aclose: Callable[[], Awaitable[None]] = field(default=_nothing, repr=False)
    """Lets go of what the body holds; called once, however much of the body was read."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys that a session was given, for upstreams that send requests on; they never leave the host."""

    oauth_token: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)


def _no_recorded_calls(dataset: str, episode: str | None) -> Sequence[ModelCall]:
    raise ConfigError("this gateway was given no way to read datasets")


@dataclass(frozen=True, slots=True)
class TaskFiles:
    """What an upstream may know of the task being played."""

    solution: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """The task's own solution: names relative to its folder, and content."""
    root: str = ""
    """Prefix under which the sandbox's absolute paths are seen by its commands."""
    keys: Keys = Keys()
    """Instead of the environment's."""
    episode_id: str = ""
    """Of the episode being played; empty where it is not known yet."""
    seed: int | None = None
    """Of the episode, 0 or more: what a model draws follows from it; None: anything."""
    recorded_calls: Callable[[str, str | None], Sequence[ModelCall]] = _no_recorded_calls
    """Reads the model calls of a stored episode, in the order of the record.

    Takes the dataset's folder, and the episode's id or its beginning; None: the only one of the task being played.
    Raises `TrajectoryError` where there is no such dataset or episode, or not one alone.
    """
    num_checkpoints: int = 1
    """How often the solution can be run, once a prompt: each time it plays the task's next checkpoint."""


class Upstream(ABC):
    """Answers the model calls of one episode.

    Attributes:
        model: The id that the agent is told to ask for.
        endpoint: Names the server that answers (`https://api.anthropic.com`). The gateway tries failed calls to it
            again, and holds all of a process's calls to it, of whatever episode, to one bound and one circuit breaker.
            None: nothing is out of reach or overloaded, so errors go to the agent as they are.
        secrets: Values that must never reach the agent, a record or a log.
    """

    model: str
    endpoint: str | None = None
    secrets: tuple[str, ...] = ()

    @classmethod
    @abstractmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        """Check the settings and make the upstream; opens no connection.

        Raises:
            ConfigError: An option is unknown, missing or of the wrong type, or a key is not in the environment.
        """

    @abstractmethod
    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """Answer one request; cancelled when the agent gives up.

        Args:
            request: Body of `POST /v1/messages`; `messages` is a list of objects.
            headers: The agent's, by lower-case name, without its credentials.
            query: The part of the URL after `?`, as sent.

        Raises:
            GatewayError: No answer can be given; the agent gets an API error with this message.
        """

    async def count_tokens(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """Answer `POST /v1/messages/count_tokens`; cancelled when the agent gives up.

        An upstream whose model has a counter overrides this. Here it is an estimate, and says so (`"estimated": true`):
        a quarter of the characters of the request's JSON, and 1600 for each image.

        Args:
            request: Body of the request; `messages` is a list of objects.
            headers: As in `reply`.
            query: As in `reply`.

        Raises:
            GatewayError: No count can be given; the agent gets an API error with this message.
        """
        body = json.dumps({"input_tokens": estimate_tokens(request), "estimated": True})
        return Reply(200, "application/json", once(body.encode()))

    def follow(self, parent: Upstream) -> None:
        """Go on where the upstream stands of the episode that this one's was forked from; before the first request.

        Those that answer by what a request says have nothing to take over.
        """
        return

    async def aclose(self) -> None:
        """Release connections. Idempotent."""
        return
