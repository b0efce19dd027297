"""Real BoxLite micro-VMs: the contract in one machine, the choice, and an episode with the real CLI."""

from __future__ import annotations

import os

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox.auto import choose_sandbox
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.testing.sandbox_checks import check_sandbox

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
IMAGE = os.environ.get("CLAUDEBOX_LAB_IMAGE", "")


async def test_auto_finds_that_micro_vms_run_here() -> None:
    choice = await choose_sandbox(image=IMAGE)
    assert choice.name == "boxlite", choice.reason
    assert (await choose_sandbox(image=IMAGE)) == choice


CORE = (
    "success_is_exit_code_0",
    "exit_code_is_passed_on",
    "signal_is_128_plus_its_number",
    "argv_is_never_a_shell_string",
    "input_and_output_are_streamed",
    "environment_is_added",
    "commands_start_in_the_workspace",
    "output_and_errors_stay_apart",
    "binary_output_is_unchanged",
    "output_beyond_the_cap_is_cut_and_says_so",
    "deadline_returns_what_was_printed",
    "deadline_ends_daemons_with_a_clean_environment",
    "background_job_outlives_its_command",
    "commands_run_side_by_side",
    "cancelled_command_ends_with_its_children",
    "binary_file_comes_back",
    "missing_file_is_file_not_found",
    "file_over_the_cap_is_an_error",
    "link_to_the_host_gives_nothing_of_it",
    "own_folders_are_writable",
    "folder_goes_in_and_out",
    "copying_out_leaves_links_and_pipes",
)
"""Checks that share one machine and are quick even under emulation; the whole suite takes a quarter of an hour here."""


async def test_the_core_of_the_contract_holds() -> None:
    def make(spec: SandboxSpec | None) -> BoxliteSandbox:
        return BoxliteSandbox(spec or SandboxSpec(image=IMAGE, memory_mib=1024, start_timeout_s=180.0))

    report = await check_sandbox(make, only=CORE, patience_s=60.0)
    report.raise_if_failed()
    assert len(report.names("passed")) == len(CORE)


async def test_the_real_cli_plays_an_episode_in_a_micro_vm() -> None:
    sandbox = {"name": "boxlite", "image": IMAGE, "cpus": 1.0, "memory_mib": 2048, "start_timeout_s": 180.0}
    async with ClaudeBox("quickstart/fix-bug", model="oracle", sandbox=sandbox) as box:
        assert box.sandbox.capabilities().isolation == "microvm"
        result = await box.code(box.task.instruction, judge=True, timeout_s=600)
        assert result.success, result.error
        assert {call.name for call in result.action_log} == {"Write", "Bash"}
        assert result.reward == 1.0
