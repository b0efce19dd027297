"""Real BoxLite micro-VMs: the contract in one machine, the choice, and an episode with the real CLI."""

from __future__ import annotations

import os

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.sandbox.auto import choose_sandbox

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
IMAGE = os.environ.get("CLAUDEBOX_LAB_IMAGE", "")


async def test_auto_finds_that_micro_vms_run_here() -> None:
    choice = await choose_sandbox(image=IMAGE)
    assert choice.name == "boxlite", choice.reason
    assert (await choose_sandbox(image=IMAGE)) == choice


async def test_the_real_cli_plays_an_episode_in_a_micro_vm() -> None:
    sandbox = {"name": "boxlite", "image": IMAGE, "cpus": 1.0, "memory_mib": 2048, "start_timeout_s": 180.0}
    async with ClaudeBox("quickstart/fix-bug", model="oracle", sandbox=sandbox) as box:
        assert box.sandbox.capabilities.isolation == "microvm"
        result = await box.code(box.task.instruction, judge=True, timeout_s=600)
        assert result.success, result.error
        assert {call.name for call in result.action_log} == {"Write", "Bash"}
        assert result.reward == 1.0
