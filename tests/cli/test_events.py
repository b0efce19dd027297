"""Events of a run, read back line by line."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl import load_dataset
from claudebox_rl.cli.events import EventLines
from claudebox_rl.cli.main import main
from claudebox_rl.playing.account import RunAccount
from claudebox_rl.types import Episode, EpisodeRequest, Outcome


def read(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_real_rollout(local_sandbox: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["task=quickstart/data-question", "agent=oracle", f"sandbox={local_sandbox}", f"out={tmp_path}/data"]
    numbers = ["rollout.num_workers=0", "rollout.episodes_per_task=2"]
    assert main(["rollout", "--events", *arguments, *numbers]) == 0
    printed = capsys.readouterr()
    events = read(printed.out)
    assert [event["event"] for event in events] == [
        "run_started", "episode_started", "episode_ended", "episode_started", "episode_ended", "run_ended",
    ]  # fmt: skip
    assert "[2/2] quickstart/data-question" in printed.err
    first, started, ended, *_, last = events
    assert (first["num_episodes"], first["dataset"], first["num_workers"]) == (2, f"{tmp_path}/data", 0)
    assert (first["agent"], first["sandbox"]) == ("oracle", "local")
    (stored, _) = load_dataset(tmp_path / "data").summaries()
    assert {event["run_id"] for event in events} == {stored.run_id}
    assert started["episode_id"] == ended["episode_id"] == stored.episode_id
    assert (ended["outcome"], ended["episode_return"], ended["again"]) == ("completed", 1.0, False)
    assert ended["boot_s"] == stored.boot_s > 0
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    assert (last["exit_code"], last["num_episodes"], last["outcomes"]) == (0, 2, {"completed": 2})


def written(episode: Episode, *, again: bool = False) -> str:
    stream = io.StringIO()
    EventLines(stream, RunAccount(1), "r", clock=lambda: 12.5).ended(episode, again=again)
    return stream.getvalue()


def failed(message: str, **values: Any) -> Episode:
    return Episode(
        "e", "r", "t", Outcome.INFRA_ERROR, **({"episode_return": None} | values), error_type="E", error_message=message
    )


def test_text_that_a_terminal_would_obey_is_escaped_and_comes_back() -> None:
    evil = "\x1b]0;title\x07\r\n\u202eright to left\u2028\x9b2J\ud800"
    line = written(failed(evil))
    assert line.endswith("}\n")
    assert line[:-1].isascii()
    assert line[:-1].isprintable()
    assert json.loads(line)["error_message"] == evil


def test_a_lost_attempt_is_told_as_played_again() -> None:
    (event,) = read(written(failed("the worker died"), again=True))
    assert (event["again"], event["time"], event["run_id"], event["valid_for_training"]) == (True, 12.5, "r", False)


def test_numbers_that_json_lacks_are_null() -> None:
    (event,) = read(written(failed("x", episode_return=math.inf, cost_usd=math.nan)))
    assert (event["episode_return"], event["cost_usd"]) == (None, None)


def test_settings_are_no_part_of_an_event() -> None:
    stream = io.StringIO()
    request = EpisodeRequest("t", "e", "r", config={"key": "hidden"}, overrides=("key=hidden",))
    EventLines(stream, RunAccount(1), "r").began(request)
    assert "hidden" not in stream.getvalue()
    assert "hidden" not in written(failed("x", config={"key": "hidden"}, overrides=("key=hidden",)))
