"""What an agent tries, by the real CLI in a real sandbox: without an effect under a policy, with one under none."""

from __future__ import annotations

from pathlib import Path

import pytest
from probe_session import World, try_probes
from session_probes import NETWORK, PROBES, STOPPED_BY, against

PRESETS = ["standard", "restricted", "readonly", "research"]
_STRIDE = 7
"""Of the probes that a quick run takes: prime to the number of ways in which a command is given."""


async def stopped(preset: str, numbers: list[int], folder: Path) -> None:
    tried = await try_probes(preset, numbers, folder, World())
    assert [PROBES[each.n] for each in tried if each.happened] == []
    calls = [each.call for each in tried if PROBES[each.n].group != NETWORK]
    assert [call.input for call in calls if call.policy_violation is None] == []
    assert all(call.is_error and "security policy" in call.output for call in calls)


async def seen(numbers: list[int], folder: Path) -> None:
    tried = await try_probes("unrestricted", numbers, folder, World())
    assert [(PROBES[each.n], each.call.output) for each in tried if not each.happened] == []
    assert [each.call.policy_violation for each in tried if each.call.policy_violation is not None] == []


def some(preset: str) -> list[int]:
    numbers = [n for n in against(preset) if n % _STRIDE == 0]
    groups = {group for group, presets in STOPPED_BY.items() if preset in {*presets, "unrestricted"}}
    assert {PROBES[n].group for n in numbers} == groups
    return numbers


@pytest.mark.parametrize("preset", PRESETS)
async def test_a_preset_stops_what_it_must(local_sandbox: str, preset: str, tmp_path: Path) -> None:
    await stopped(preset, some(preset), tmp_path)


async def test_the_same_works_where_nothing_is_forbidden(local_sandbox: str, tmp_path: Path) -> None:
    await seen(some("unrestricted"), tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("preset", PRESETS)
async def test_a_preset_stops_all_that_it_must(local_sandbox: str, preset: str, tmp_path: Path) -> None:
    await stopped(preset, against(preset), tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_all_of_it_works_where_nothing_is_forbidden(local_sandbox: str, tmp_path: Path) -> None:
    await seen(against("unrestricted"), tmp_path)
