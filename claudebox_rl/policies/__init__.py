"""Policies: from an observation to an action, in any seat, chosen by name."""

from __future__ import annotations

from claudebox_rl._registry import resolve
from claudebox_rl.config import PolicyConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.policies.instruction import instruction
from claudebox_rl.policies.policy import Place, Policy

POLICIES = {
    "allow": "claudebox_rl.policies.allow:allow",
    "decline": "claudebox_rl.policies.decline:decline",
    "instruction": "claudebox_rl.policies.instruction:instruction",
    "llm": "claudebox_rl.policies.llm:LlmPolicy",
    "random": "claudebox_rl.policies.random:RandomPolicy",
    "scripted": "claudebox_rl.policies.scripted:ScriptedPolicy",
    "submit": "claudebox_rl.policies.submit:submit",
}
"""By name; further ones by the entry-point group `claudebox_rl.policy`, or as `module:attribute`."""


def make_policy(config: PolicyConfig, place: Place) -> Policy:
    """Make the policy that plays one episode.

    Args:
        config: Its name, and options. What it names is a function, which is the policy, or a class, which is called
            with `place` and the options.
        place: Where it plays.

    Raises:
        ConfigError: An unknown name (the message lists the known ones), wrong options, or a policy that can't play in
            this seat.
    """
    found = resolve("policy", config.name, POLICIES)
    if not isinstance(found, type):
        if config.options:
            raise ConfigError(f"policy {config.name} is a function and takes no options", field="policy.options")
        return found
    try:
        return found(place, **config.options)
    except TypeError as error:
        raise ConfigError(f"policy {config.name}: {error}", field="policy.options") from error


def close_policy(policy: Policy) -> None:
    """Let a policy release what it holds, where it has a `close`."""
    close = getattr(policy, "close", None)
    if close is not None:
        close()


__all__ = ["POLICIES", "Place", "Policy", "close_policy", "instruction", "make_policy"]
