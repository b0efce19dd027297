"""The same probes against each preset, and how many there are."""

from __future__ import annotations

from collections import Counter

import pytest
from probes import KINDS, probes
from session_probes import PROBES, STOPPED_BY, against

from claudebox_rl.session.security.guard import shell_rules
from claudebox_rl.session.security.paths import PathRules
from claudebox_rl.session.security.presets import PRESETS
from claudebox_rl.session.security.shell import ShellRules, judge_script

LEAST = {"standard": 550, "restricted": 2400, "readonly": 2900, "research": 1300}
"""Probes of a preset: in shells and in sessions."""


def rules_of(preset: str) -> ShellRules:
    policy = PRESETS[preset]
    return shell_rules(policy, PathRules.of(policy, ("/workspace/in",), ()), "/workspace")


def in_shells(preset: str) -> dict[str, list[str]]:
    return {kind.name: probes(kind) for kind in KINDS.values() if preset in kind.presets}


@pytest.mark.parametrize("preset", LEAST)
def test_no_probe_of_a_shell_passes(preset: str) -> None:
    rules = rules_of(preset)
    texts = [text for each in in_shells(preset).values() for text in each]
    assert [text for text in texts if judge_script(text, rules) is None] == []


def test_no_probe_of_a_shell_is_refused_where_nothing_is_forbidden() -> None:
    rules = rules_of("unrestricted")
    assert [text for kind in KINDS.values() for text in probes(kind) if judge_script(text, rules) is not None] == []


@pytest.mark.parametrize("preset", LEAST)
def test_there_are_enough(preset: str) -> None:
    by_group = Counter(PROBES[n].group for n in against(preset))
    assert set(by_group) == {group for group, presets in STOPPED_BY.items() if preset in presets}
    num_in_shells = sum(len(texts) for texts in in_shells(preset).values())
    assert num_in_shells + by_group.total() >= LEAST[preset], (num_in_shells, by_group)


def test_every_preset_has_probes_of_its_own() -> None:
    assert set(LEAST) == set(PRESETS) - {"unrestricted"}
