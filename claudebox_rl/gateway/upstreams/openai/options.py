"""Settings of `openai`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, cast

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway.options import read_options

_OURS = frozenset({"messages", "model", "n", "stream", "stream_options", "tools"})


@dataclass(frozen=True, slots=True)
class OpenAIOptions:
    """Settings of `openai`."""

    model: str
    """Name under which the server serves the model; every call of the agent asks it, sub-agents' too."""
    base_url: str = "http://127.0.0.1:8000/v1"
    """Up to and without `/chat/completions`."""
    api_key_env: str | None = None
    """Variable of this process that holds the key; None: OPENAI_API_KEY, and no key where it is not set."""
    capture_tokens: Literal["auto", "always", "never"] = "auto"
    """Whether to ask for token ids and log-probabilities: of servers that are known to give them (vLLM, SGLang); of
    any, in vLLM's way, and an answer without them is an error; of none."""
    system_entries: Literal["user", "system"] = "user"
    """Who says what the CLI says as `role: "system"` amid a conversation."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """OpenAI's own reasoning models take the latter alone."""
    max_output_tokens: int | None = None
    """Longest answer to ask for, where the agent asks for a longer one; tokens."""
    weight_version_header: str = "x-weight-version"
    """Header of an answer that names the weights which gave it."""
    seeded: bool = False
    """Send a `seed` that follows from the episode's, by which vLLM, SGLang, llama.cpp and Ollama sample: the same
    episode then gets the same answers, as far as the server's arithmetic allows."""
    extra_body: Any = None
    """Fields to add to each request, by name: `{seed: 1, chat_template_kwargs: {enable_thinking: false}}`."""
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 600.0
    """Longest silence before the answer, and inside it."""
    write_timeout_s: float = 60.0

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Check what a user gave.

        Raises:
            ConfigError: See `read_options`; or `extra_body` is no mapping, or takes over what is translated.
        """
        options = read_options(cls, "openai", given)
        if options.extra_body is not None and not isinstance(options.extra_body, dict):
            raise ConfigError("model openai: option extra_body must be a mapping", option="extra_body")
        if taken := sorted(_OURS & options.extra.keys()):
            listed = ", ".join(taken)
            raise ConfigError(f"model openai: extra_body can't set what is translated: {listed}", option="extra_body")
        return options

    @property
    def extra(self) -> dict[str, Any]:
        """Return `extra_body` as a mapping."""
        return cast("dict[str, Any]", self.extra_body or {})
