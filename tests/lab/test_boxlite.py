"""Real BoxLite micro-VMs: the contract, the choice, and an episode with the real CLI."""

from __future__ import annotations

import os

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox._supervised import frames
from claudebox_rl.sandbox.auto import choose_sandbox
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.session.final_state.capture import stored_form
from claudebox_rl.testing.sandbox_checks import CHECKS, check_sandbox

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
IMAGE = os.environ.get("CLAUDEBOX_LAB_IMAGE", "")
ONE_CPU = {"processor_time_is_held"}
"""Checks that this lab's host, of one CPU, can't make."""
MOVING_MUCH = {
    "large_output_on_both_streams_does_not_deadlock",
    "waiting_drops_any_amount_of_output",
    "a_reader_may_stop_reading_and_wait",
    "a_slow_reader_loses_nothing",
    "large_file_comes_back",
}
BOOTING_MORE = {
    "environment_of_the_host_does_not_leak",
    "environment_of_the_spec_is_for_every_command",
    "stop_is_idempotent",
    "stop_lets_a_waiter_go",
    "given_workspace_is_the_host_s_and_stays",
    "fresh_workspace_is_empty",
    "machines_do_not_share_files",
    "stopping_one_machine_spares_the_others",
    "mounts_are_seen",
    "door_is_of_one_machine",
    "proxy_is_of_one_machine",
    "blocked_host_is_refused_though_listed",
    "read_only_workspace_is_not_changed",
    "read_only_workspace_leaves_what_a_machine_needs",
    "read_only_workspace_is_filled_by_the_host",
    "filling_a_read_only_workspace_follows_no_link",
    "mounts_are_read_only",
    "processes_are_those_inside",
}
FILLING = {"memory_hog_is_ended", "memory_is_of_all_processes_together", "disk_is_bounded"}
QUICK_OF_FORKS = {"fork_has_the_same_files", "fork_of_nothing_is_refused"}


def is_quick(name: str) -> bool:
    """Whether an emulated machine makes a check in seconds, or it is the one that stands for others like it."""
    is_of_networks = name.startswith(("restricted_", "full_", "published_"))
    is_of_forks = name.startswith("fork") and name not in QUICK_OF_FORKS
    return not (is_of_networks or is_of_forks or name in MOVING_MUCH | BOOTING_MORE | FILLING)


QUICK = [check.name for check in CHECKS if is_quick(check.name)]
OTHERS = [check.name for check in CHECKS if not is_quick(check.name)]


def make(spec: SandboxSpec | None) -> BoxliteSandbox:
    return BoxliteSandbox(spec or SandboxSpec(image=IMAGE, memory_mib=1024, start_timeout_s=240.0))


async def test_auto_finds_that_micro_vms_run_here() -> None:
    choice = await choose_sandbox(image=IMAGE)
    assert choice.name == "boxlite", choice.reason
    assert (await choose_sandbox(image=IMAGE)) == choice


async def test_the_contract_holds() -> None:
    """All the quick checks, in one machine where they allow it."""
    report = await check_sandbox(make, only=QUICK, patience_s=60.0)
    report.raise_if_failed()
    skipped = {result.name: result.detail for result in report.results if result.status == "skipped"}
    assert set(skipped) <= ONE_CPU | {"users_that_can_not_be_had_are_refused"}, skipped


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
async def test_the_contract_holds_where_that_takes_long(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # An emulated machine that runs out of memory thrashes for longer than a real one may be silent.
    monkeypatch.setattr(frames, "_REPLY_S", 300.0)
    report = await check_sandbox(make, only=[name], patience_s=120.0)
    report.raise_if_failed()
    assert report.names("passed") or name in ONE_CPU, report.results


async def test_the_real_cli_plays_an_episode_in_a_micro_vm_and_is_judged_in_another() -> None:
    sandbox = {"name": "boxlite", "image": IMAGE, "cpus": 1.0, "memory_mib": 2048, "start_timeout_s": 240.0}
    async with ClaudeBox("quickstart/fix-bug", model="oracle", sandbox=sandbox) as box:
        assert box.sandbox.capabilities().isolation == "microvm"
        assert box.task.instruction
        result = await box.code(box.task.instruction, timeout_s=600)
        assert result.success, result.error
        assert {call.name for call in result.action_log} == {"Write", "Bash"}
        snapshot = await box.snapshot()
        assert snapshot is not None
        state = await stored_form(snapshot)
        assert state is not None
        assert {"freetime.py"} <= {file.path for file in state.files}
        assert "+" in state.diff
        assert box.verification == "clean_room"
        assert (await box.verify(snapshot)).reward == 1.0
