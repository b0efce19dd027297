from __future__ import annotations

import pytest
from ordinary_commands import ORDINARY
from shell_rules import RESTRICTED, STANDARD, WORKSPACE_ONLY

from claudebox_rl.session.security.shell import ShellRules, judge_script


def test_there_are_enough() -> None:
    assert len(set(ORDINARY)) >= 130


@pytest.mark.parametrize("rules", [STANDARD, RESTRICTED, WORKSPACE_ONLY], ids=["standard", "restricted", "workspace"])
def test_ordinary_commands_pass(rules: ShellRules) -> None:
    refused = {text: reason for text in ORDINARY if (reason := judge_script(text, rules))}
    assert refused == {}


@pytest.mark.parametrize("text", ORDINARY)
def test_everything_refuses_all(text: str) -> None:
    assert judge_script(text, ShellRules(blocked=("*",), is_strict=True))
