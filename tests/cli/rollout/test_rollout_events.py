"""Events of a run, read back line by line."""

from __future__ import annotations

import io
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl import load_dataset
from claudebox_rl.cli.main import main
from claudebox_rl.cli.rollout.events import EventLines
from claudebox_rl.playing.account import RunAccount
from claudebox_rl.types import Episode, EpisodeRequest, Flight, Outcome, Stage

DOCS = Path(__file__).parents[3] / "docs"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


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


@pytest.mark.parametrize("event", ["run_started", "episode_started", "episode_ended", "beat", "run_ended"])
def test_every_field_is_documented(event: str) -> None:
    stream, account = io.StringIO(), RunAccount(1)
    told = EventLines(stream, account, "r")
    told.run_started(dataset="d", model="m", agent="a", sandbox="s", num_workers=1)
    account.began(EpisodeRequest("t", "e", "r"))
    told.began(EpisodeRequest("t", "e", "r"))
    told.beat([])
    told.ended(failed("x"), again=False)
    told.run_ended(1)
    (given,) = (one for one in read(stream.getvalue()) if one["event"] == event)
    fields = set(given).union(*given.get("playing", [])) - {"event", "time", "run_id"}
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", (DOCS / "rollouts.md").read_text(), re.MULTILINE))
    told_of = rows[event].replace("those of `episode_started`", rows["episode_started"])
    assert fields <= set(re.findall(r"`(\w+)`", told_of))


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


def test_beats_are_told_now_and_then_with_who_plays_what() -> None:
    clock, stream = Clock(), io.StringIO()
    account = RunAccount(5, clock)
    told = EventLines(stream, account, "r")
    account.began(EpisodeRequest("t", "e", "r"))
    account.began(EpisodeRequest("t", "f", "r"))
    flights = [Flight("e", "t", Stage.AGENT, 2.5, "node:1")]
    for now in (0.0, 2.0, 9.9, 10.0, 12.0, 31.0):
        clock.now = now
        account.beat(flights)
        told.beat(flights)
    beats = read(stream.getvalue())
    assert len(beats) == 3
    assert beats[0]["playing"] == [
        {"episode_id": "e", "task_id": "t", "stage": "agent", "stage_s": 2.5, "worker": "node:1"},
        {"episode_id": "f", "task_id": "t", "stage": None, "stage_s": 0.0, "worker": ""},
    ]
    assert (beats[0]["num_running"], beats[0]["num_total"], beats[0]["num_machines"]) == (2, 5, 1)
    assert (beats[0]["eta_s"], beats[0]["mean_return"]) == (None, None)


def test_numbers_that_json_lacks_are_null() -> None:
    (event,) = read(written(failed("x", episode_return=math.inf, cost_usd=math.nan)))
    assert (event["episode_return"], event["cost_usd"]) == (None, None)


def test_settings_are_no_part_of_an_event() -> None:
    stream = io.StringIO()
    request = EpisodeRequest("t", "e", "r", config={"key": "hidden"}, overrides=("key=hidden",))
    EventLines(stream, RunAccount(1), "r").began(request)
    assert "hidden" not in stream.getvalue()
    assert "hidden" not in written(failed("x", config={"key": "hidden"}, overrides=("key=hidden",)))
