from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from claudebox_rl.cli.main import main
from claudebox_rl.cli.rollout.groups import groups_table
from claudebox_rl.trajectory import Group


def test_a_row_a_group_and_no_number_where_nothing_counts() -> None:
    groups = [
        Group("fix-bug-group0-r", "t", {"a": 1.0, "b": 0.0}, 1),
        Group("fix-bug-group1-r\x1b[2J", "t", {}, 2),
    ]
    out = io.StringIO()
    Console(file=out, width=120).print(groups_table(groups))
    head, first, second = (line.split() for line in out.getvalue().splitlines())
    assert head == ["group", "valid", "lost", "mean", "std", "best", "worst"]
    assert first == ["fix-bug-group0-r", "2", "1", "0.50", "0.50", "1.00", "0.00"]
    assert second[-6:] == ["0", "2", "-", "-", "-", "-"]
    assert "\x1b" not in out.getvalue()


def test_a_rollout_of_groups_ends_with_them(
    local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["seat=shell", "policy=submit", "task=quickstart/fix-bug", f"sandbox={local_sandbox}"]
    groups = ["rollout.group_size=2", "rollout.num_workers=0", "run=r", f"out={tmp_path}/data"]
    assert main(["rollout", *settings, *groups]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("fix-bug-group0-r"))
    assert row.split()[1:] == ["2", "0", "0.00", "0.00", "0.00", "0.00"]
