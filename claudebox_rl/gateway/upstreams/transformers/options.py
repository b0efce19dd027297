"""Settings of the upstream `transformers`, and what of them a request may set itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway.upstreams.transformers.parsing import find_parser


@dataclass(frozen=True, slots=True)
class TransformersOptions:
    """Settings of `transformers`."""

    model: str
    """Folder of a checkpoint, or its id on the Hub."""
    revision: str | None = None
    """Branch, tag or commit of a model of the Hub."""
    device: str | None = None
    """As torch names it; None: the first of cuda, mps and cpu that there is."""
    dtype: str = "auto"
    """As torch names it (`bfloat16`); `auto`: the one of the checkpoint."""
    max_new_tokens: int = 4096
    """Longest answer; a request may ask for less."""
    temperature: Any = None
    """Instead of the request's, or the API's default of 1; 0 takes the likeliest token."""
    top_p: float | None = None
    """Likewise; by default nothing is cut off."""
    top_k: int | None = None
    seed: int | None = None
    """Taken with the episode's own: under both, the same prompt gets the same answer. Without either: a fresh one each
    time."""
    parser: Any = "auto"
    """How thoughts and tool calls are read; see `parsing.py`."""
    chat_template_kwargs: Any = None
    """Variables for the chat template, such as `enable_thinking: false`."""
    system_entries: str = "user"
    """Who says what the CLI says as the system amid a conversation: the `user`, since many templates take a system
    message at the head alone, or the `system`.
    """
    weight_version: str | None = None
    """Instead of the commit of the model, or the digest of its weights."""


def with_seed(options: TransformersOptions, episode_seed: int | None) -> TransformersOptions:
    """Return the settings of an episode, whose answers follow from its own seed too, if it has one."""
    if options.seed is None or episode_seed is None:
        return replace(options, seed=episode_seed if options.seed is None else options.seed)
    digest = hashlib.sha256(f"{options.seed} {episode_seed}".encode()).digest()
    return replace(options, seed=int.from_bytes(digest[:8], "big"))


def check_options(options: TransformersOptions) -> None:
    """Refuse values that no model can use.

    Raises:
        ConfigError: Names the option.
    """
    if options.top_p is not None and options.top_p > 1:
        raise ConfigError("model transformers: option top_p must be above 0 and at most 1", option="top_p")
    for name in ("max_new_tokens", "top_k"):
        if getattr(options, name) == 0:
            raise ConfigError(f"model transformers: option {name} must be 1 or more", option=name)
    if options.system_entries not in ("user", "system"):
        raise ConfigError("model transformers: option system_entries must be user or system", option="system_entries")
    heat = options.temperature
    if heat is not None and (
        isinstance(heat, bool) or not isinstance(heat, int | float) or not 0 <= heat < float("inf")
    ):
        raise ConfigError("model transformers: option temperature must be a number, 0 or more", option="temperature")
    if options.chat_template_kwargs is not None and not isinstance(options.chat_template_kwargs, Mapping):
        raise ConfigError(
            "model transformers: option chat_template_kwargs must be a mapping", option="chat_template_kwargs"
        )
    if options.model.startswith(("/", ".")) and not Path(options.model).is_dir():
        raise ConfigError(f"model transformers: there is no folder {options.model}", option="model")
    find_parser(options.parser)
