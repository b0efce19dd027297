"""Room and limits of a host: what each bound says, and that it can be found out here."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from claudebox_rl.session.checkup import host

GIB = 1 << 30


@pytest.mark.parametrize(("limit", "status"), [(1024, "warn"), (65536, "ok"), (resource.RLIM_INFINITY, "ok")])
def test_open_files(limit: int, status: str) -> None:
    finding = host._open_files(limit)
    assert finding.status == status
    assert ("ulimit" in finding.fix) == (status == "warn")


@pytest.mark.parametrize(("available", "status"), [(GIB // 2, "fail"), (2 * GIB, "warn"), (16 * GIB, "ok")])
def test_memory(available: int, status: str) -> None:
    finding = host._memory(available)
    assert finding.status == status
    assert bool(finding.fix) == (status != "ok")


def test_what_is_available_is_less_than_all() -> None:
    assert 0 < host.available_memory() <= resource.getpagesize() * host.os.sysconf("SC_PHYS_PAGES")


def test_a_folder_that_is_not_made_yet_lies_on_its_parents_disk(tmp_path: Path) -> None:
    finding = host._disk("disk", tmp_path / "not" / "yet")
    assert str(tmp_path / "not" / "yet") in finding.seen
    assert "GiB free" in finding.seen


@pytest.mark.parametrize(
    ("now", "synchronised", "status"),
    [(0.0, True, "fail"), (4e9, False, "warn"), (4e9, True, "ok"), (4e9, None, "ok")],
)
def test_a_clock(now: float, synchronised: bool | None, status: str) -> None:
    finding = host._clock(now, lambda: synchronised)
    assert finding.status == status
    assert bool(finding.fix) == (status != "ok")


def test_the_kernel_says_whether_its_clock_is_kept_right() -> None:
    assert host.is_synchronised() in (True, False, None)


def test_every_finding_that_is_not_ok_has_a_fix() -> None:
    assert all(bool(finding.fix) == (finding.status != "ok") for finding in host.check_room())
