"""Who plays a task, and what the shipped cheats say of themselves."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from made_tasks import make_task

from claudebox_rl._resources import data_dir
from claudebox_rl.checking import Role, check_patterns, choose_players, players_of, sample_cheats
from claudebox_rl.checking.random_player import random_player
from claudebox_rl.errors import ConfigError, TaskError


def test_everybody_plays(tmp_path: Path):
    names = [player.name for player in players_of(make_task(tmp_path / "task"))]
    assert names[:5] == ["solution"] * 3 + ["nothing", "random"]
    assert names[5:] == sorted(path.stem for path in data_dir("cheats").glob("*.sh"))
    assert len(names) > 35 + 3


def test_cheats_say_what_they_try_and_are_bash(tmp_path: Path):
    cheats = [player for player in players_of(make_task(tmp_path / "task")) if player.role is Role.CHEAT]
    for cheat in cheats:
        assert cheat.doc.endswith("."), cheat.name
        assert subprocess.run(["bash", "-n"], input=cheat.script.encode(), check=False).returncode == 0, cheat.name
    assert len({cheat.doc for cheat in cheats}) == len(cheats)


def test_players_are_chosen_by_name_role_and_pattern(tmp_path: Path):
    players = players_of(make_task(tmp_path / "task", cheats={"mine": "# Tries it.\n"}))
    assert choose_players(players, []) == players
    assert [one.name for one in choose_players(players, ["late-*", "own:mine"])] == [
        "nothing",
        "late-writer",
        "late-writer-in-code",
        "own:mine",
    ]
    assert {one.role for one in choose_players(players, ["cheat"])} == {Role.NOTHING, Role.CHEAT}


def test_a_sample_has_some_cheats_and_everybody_else(tmp_path: Path):
    players = players_of(make_task(tmp_path / "task", cheats={"mine": "# Tries it.\n"}))
    others = [player for player in players if player.role is not Role.CHEAT or player.name == "own:mine"]
    seen: set[str] = set()
    for day in range(40):
        drawn = sample_cheats(players, 6, f"task {day}")
        assert drawn == sample_cheats(players, 6, f"task {day}")
        assert len(drawn) == len(others) + 6
        assert [player for player in drawn if player in others] == others
        seen |= {player.name for player in drawn}
    assert seen == {player.name for player in players}


def test_an_unknown_player_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="no player is called 'forged'; known: cheat, solution, nothing, random"):
        check_patterns([make_task(tmp_path / "task")], ["solution", "forged"])


def test_a_cheat_without_words_is_refused(tmp_path: Path):
    task = make_task(tmp_path / "task", cheats={"mute": "true\n"})
    with pytest.raises(TaskError, match=r"mute\.sh: the first line has to say what this cheat tries"):
        players_of(task)


def test_a_random_player_is_drawn_by_its_seed():
    assert random_player("a") == random_player("a")
    assert random_player("a").script != random_player("b").script


def test_the_page_on_tasks_has_every_cheat(tmp_path: Path):
    page = (Path(__file__).parents[2] / "docs" / "tasks.md").read_text()
    cheats = [player for player in players_of(make_task(tmp_path / "task")) if player.role is Role.CHEAT]
    assert [cheat.name for cheat in cheats if f"| `{cheat.name}` | {cheat.doc} |" not in page] == []
