"""`auto`: tries what really runs, remembers it, says why, and never steps down to no isolation."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox import auto
from claudebox_rl.sandbox.auto import Choice, choose_sandbox, memory_file, why_not_boxlite


@pytest.fixture(autouse=True)
def own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    monkeypatch.setattr(auto, "_plain_obstacle", lambda: None)


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Images that a box was tried with; the answer is that of `answers`, in turn."""
    tried: list[str | None] = []

    async def try_box(image: str | None) -> str | None:
        tried.append(image)
        return "the guest died"

    monkeypatch.setattr(auto, "_try_box", try_box)
    return tried


async def test_local_where_no_box_runs_and_the_reason(local_sandbox: str, trials: list[str | None]) -> None:
    assert await choose_sandbox() == Choice("local", "no micro-VM runs here: the guest died")


async def test_boxlite_where_a_box_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    async def runs(_image: str | None) -> None:
        return None

    monkeypatch.setattr(auto, "_try_box", runs)
    assert await choose_sandbox() == Choice("boxlite", "a micro-VM runs here")
    monkeypatch.delattr(auto, "_try_box")
    assert (await choose_sandbox()).name == "boxlite", "remembered, not tried again"


async def test_a_trial_is_made_once_for_each_image(trials: list[str | None]) -> None:
    for _ in range(2):
        assert await why_not_boxlite("a") == "the guest died"
        assert await why_not_boxlite(None) == "the guest died"
    assert trials == ["a", None]
    assert len(json.loads(memory_file().read_text())) == 2


async def test_a_no_is_forgotten_after_a_day_and_a_yes_is_not(
    trials: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    await why_not_boxlite("a")
    tomorrow = time.time() + auto.NO_HOLDS_S + 1
    monkeypatch.setattr(time, "time", lambda: tomorrow)
    await why_not_boxlite("a")
    assert trials == ["a", "a"]
    memory = json.loads(memory_file().read_text())
    memory_file().write_text(json.dumps({key: {"obstacle": None, "at": 0} for key in memory}))
    assert await why_not_boxlite("a") is None
    assert trials == ["a", "a"]


async def test_another_kernel_means_another_trial(trials: list[str | None], monkeypatch: pytest.MonkeyPatch) -> None:
    await why_not_boxlite()
    monkeypatch.setattr(auto.platform, "release", lambda: "99.0")
    await why_not_boxlite()
    assert len(trials) == 2


@pytest.mark.parametrize("content", ["{", "", "[1]"])
async def test_a_broken_memory_is_made_anew(trials: list[str | None], content: str) -> None:
    memory_file().write_text(content)
    assert await why_not_boxlite() == "the guest died"
    assert len(json.loads(memory_file().read_text())) == 1


async def test_where_nothing_isolates_both_causes_and_the_way_out_are_named(
    trials: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDEBOX_BWRAP", "/no/such/bwrap")
    with pytest.raises(SandboxStartError) as caught:
        await choose_sandbox()
    text = str(caught.value)
    assert "boxlite: the guest died" in text
    assert "/no/such/bwrap" in text
    assert "sandbox=unsafe plays without any isolation" in text


async def test_a_real_trial_ends_with_a_reason_or_a_running_box() -> None:
    obstacle = await auto._try_box("/no/such/layout")
    assert obstacle is not None
    assert obstacle.startswith("a trial box failed: ")
    assert "Traceback" not in obstacle
