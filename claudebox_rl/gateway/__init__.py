"""The Messages API endpoint that agents talk to: the single door between a sandbox and any model."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from claudebox_rl._registry import resolve
from claudebox_rl.gateway.capture.prices import Prices, Rates
from claudebox_rl.gateway.lane import LaneSettings
from claudebox_rl.gateway.upstream import Keys, Reply, TaskFiles, Upstream
from claudebox_rl.gateway.wire_log import hide_headers

if TYPE_CHECKING:
    from claudebox_rl.gateway.episode import GatewayEpisode
    from claudebox_rl.gateway.server import Gateway
    from claudebox_rl.gateway.shared import shared_gateway

UPSTREAMS = {
    "anthropic": "claudebox_rl.gateway.upstreams.anthropic:AnthropicUpstream",
    "faulty": "claudebox_rl.gateway.upstreams.faulty:FaultyUpstream",
    "nop": "claudebox_rl.gateway.upstreams.nop:NopUpstream",
    "openai": "claudebox_rl.gateway.upstreams.openai:OpenAIUpstream",
    "oracle": "claudebox_rl.gateway.upstreams.oracle:OracleUpstream",
    "policy": "claudebox_rl.gateway.upstreams.policy:PolicyUpstream",
    "replay": "claudebox_rl.gateway.upstreams.replay:ReplayUpstream",
    "scripted": "claudebox_rl.gateway.upstreams.scripted:ScriptedUpstream",
    "transformers": "claudebox_rl.gateway.upstreams.transformers:TransformersUpstream",
}
"""Upstreams by name; further ones by the entry-point group `claudebox_rl.model`, or as `module:Class`."""

_NO_TASK = TaskFiles()
_SERVER = {
    "Gateway": "claudebox_rl.gateway.server",
    "GatewayEpisode": "claudebox_rl.gateway.episode",
    "shared_gateway": "claudebox_rl.gateway.shared",
}

__all__ = [
    "UPSTREAMS",
    "Gateway",
    "GatewayEpisode",
    "Keys",
    "LaneSettings",
    "Prices",
    "Rates",
    "Reply",
    "TaskFiles",
    "Upstream",
    "make_upstream",
    "shared_gateway",
]


def make_upstream(name: str, options: Mapping[str, Any], task: TaskFiles = _NO_TASK) -> Upstream:
    """Make the upstream that answers one episode's calls; opens no connection.

    Args:
        name: One of `UPSTREAMS`, a plug-in, or `module:Class`.
        options: The upstream's settings, by the names of its options' dataclass; a None stands for the default.
        task: The task being played, and what else an upstream may know.

    Raises:
        ConfigError: Unknown name or option, a value of the wrong type, a missing key, or nothing to play.
    """
    hide_headers()
    upstream_class: type[Upstream] = resolve("model", name, UPSTREAMS)
    return upstream_class.make(options, task)


def __getattr__(name: str) -> Any:
    # The web server is loaded by those who serve, and not by those who only check a name.
    if name not in _SERVER:
        raise AttributeError(f"module 'claudebox_rl.gateway' has no attribute {name!r}")
    return getattr(import_module(_SERVER[name]), name)
