from __future__ import annotations

import pytest

from claudebox_rl.config import AgentConfig, ModelConfig, SandboxConfig, parse, to_json
from claudebox_rl.errors import ConfigError


def test_a_bare_value_sets_the_key_field() -> None:
    assert parse(ModelConfig, "nop", key="upstream", where="model") == ModelConfig(upstream="nop")


def test_a_mapping_sets_fields() -> None:
    config = parse(AgentConfig, {"max_turns": 3, "tools": None}, key="name", where="agent")
    assert (config.name, config.max_turns, config.tools) == ("claude", 3, None)
    assert parse(AgentConfig, to_json(config), key="name", where="agent") == config


def test_an_instance_passes() -> None:
    config = SandboxConfig(name="local")
    assert parse(SandboxConfig, config, key="name", where="sandbox") is config


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"max_turn": 3}, "agent: unknown field 'max_turn'; known: name, tools, max_turns"),
        ({"max_turns": "3"}, "agent.max_turns must be int or None, not '3'"),
        ({"timeout_s": True}, "agent.timeout_s must be float or None, not True"),
        ({"tools": "Bash"}, "agent.tools must be list or None, not 'Bash'"),
        (7, "agent.name must be str, not 7"),
    ],
)
def test_bad_values_are_named(value: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("[", r"\[")):
        parse(AgentConfig, value, key="name", where="agent")


def test_an_integer_is_a_float() -> None:
    assert parse(AgentConfig, {"timeout_s": 5}, key="name", where="agent").timeout_s == 5
