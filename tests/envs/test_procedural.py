"""Generated tasks: solution 1.0, nothing 0.0, and what only knows the shown examples, or half of the answer, 0.0."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest
from direct_play import play

from claudebox_rl.agent.edits import partly
from claudebox_rl.tasks import Task, check_playable, find_tasks
from claudebox_rl.tasks.procedural import DIFFICULTIES, FAMILIES

ATTEMPTS = sorted(Path(__file__).parent.glob("attempts/procedural/*/*.sh"))
SOLVE = 'bash "$SOLUTION/solve.sh"'


def tasks(seeds: str) -> list[Task]:
    return find_tasks(f"procedural/any-1..{DIFFICULTIES[-1]}-{seeds}")


def named(seeds: str) -> list[object]:
    return [pytest.param(task, id=task.path.name) for task in tasks(seeds)]


@pytest.mark.parametrize("task", named("0"))
def test_a_solution_gets_everything_and_nothing_gets_nothing(task: Task, tmp_path: Path):
    check_proved(task, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("task", named("1..12"))
def test_many_solutions_get_everything_and_nothing_gets_nothing(task: Task, tmp_path: Path):
    check_proved(task, tmp_path)


def check_proved(task: Task, folder: Path) -> None:
    check_playable(task, "local", images=False, networks=frozenset({"none"}))
    assert (task.task_id, task.network) == (f"procedural/{task.path.name}", "none")
    solved = play(task, folder / "solved", SOLVE)
    assert solved.reward == 1.0, solved.output
    nothing = play(task, folder / "nothing")
    assert nothing.reward == 0.0, nothing.output
    assert "wrong: " in nothing.output


@pytest.mark.parametrize("first", [False, True], ids=["odd", "even"])
@pytest.mark.parametrize("task", named("2"))
def test_every_second_edit_of_a_solution_is_not_enough(task: Task, first: bool, tmp_path: Path):
    assert task.environment_files is not None
    before = files(task.environment_files)
    after = {**before, **files(task.solution_dir / "files")}
    turns = itertools.cycle([first, not first])
    there = partly(before, after, lambda: next(turns))
    if there == after:
        pytest.skip("the solution is a single edit")
    written = [f"cat > {path} <<'TEXT'\n{text.decode()}TEXT" for path, text in there.items()]
    played = play(task, tmp_path, "\n".join([*written, *(f"rm -f {path}" for path in after.keys() - there.keys())]))
    assert played.reward == 0.0, played.output


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
@pytest.mark.parametrize("difficulty", [1, 3, 5])
def test_an_attempt_on_generated_tasks_is_not_enough(attempt: Path, difficulty: int, tmp_path: Path):
    (task,) = find_tasks(f"procedural/{attempt.parent.name}-{difficulty}-3")
    played = play(task, tmp_path, attempt.read_text())
    assert played.script is not None
    assert played.script.returncode == 0, played.script.stderr
    assert played.reward == 0.0, played.output


@pytest.mark.parametrize(
    ("names", "pattern", "instead"),
    [
        pytest.param("algorithms-1..5-0..3", r"\A(.*?)^    numbers = .*?$", r"\1", id="algorithms-without-a-step"),
        pytest.param(
            "parsing-1..5-0..3", r"('kind': 'number'.*)\[\+-\]\?\[0-9\]\+", r"\1[+-]?\\d+", id="parsing-other-digits"
        ),
        pytest.param("regex-4..5-0..3", r"\(\?P=first\)", "[A-Z]+", id="regex-any-letters-again"),
        pytest.param("regex-1..5-0..3", r"\[0-9\]", r"\\d", id="regex-other-digits"),
        pytest.param("regex-4..5-0..3", r"\(\?!\[[A-Z]+\]\)", "", id="regex-letters-left-out"),
        pytest.param("sql-1..2-0..3", r", (c\.)?id$", "", id="sql-without-the-last-order"),
        pytest.param("sql-3-0..9", r"HAVING .*", "", id="sql-small-groups"),
        pytest.param("refactoring-5-0..3", r"(\*, (\w+)\):\n.*?)\b\2\b", r"\1 7", id="refactoring-fixed"),
    ],
)
def test_a_careless_change_of_a_solution_is_not_enough(names: str, pattern: str, instead: str, tmp_path: Path):
    changed = 0
    for task in find_tasks(f"procedural/{names}"):
        for path, content in files(task.solution_dir / "files").items():
            careless = re.sub(pattern, instead, content.decode(), flags=re.MULTILINE | re.DOTALL)
            if careless != content.decode():
                changed += 1
                played = play(task, tmp_path / task.path.name, f"{SOLVE}\ncat > {path} <<'TEXT'\n{careless}TEXT")
                assert played.reward == 0.0, (task.task_id, careless, played.output)
    assert changed


def test_every_family_has_an_attempt():
    assert {attempt.parent.name for attempt in ATTEMPTS} == set(FAMILIES)


@pytest.mark.parametrize("task", named("0"))
def test_the_agent_is_given_no_part_of_a_generated_answer(task: Task):
    assert task.environment_files is not None
    given = files(task.environment_files)
    hidden = json.loads((task.tests_dir / "hidden.json").read_text())
    assert hidden
    for path, text in files(task.solution_dir / "files").items():
        assert given.get(path) != text


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
