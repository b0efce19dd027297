"""What holds for each task of a suite, whatever it asks for."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import pytest
from direct_play import play

from claudebox_rl import run_episode
from claudebox_rl.tasks import Task, check_playable, find_tasks


def attempts_of(suite: str) -> list[object]:
    """Return the scripts that do a task wrong, or half; all but the first of each task are the slow sweep."""
    found: list[object] = []
    for folder in sorted(Path(__file__).parent.glob(f"attempts/{suite}/*")):
        for number, script in enumerate(sorted(folder.glob("*.sh"))):
            marks = [pytest.mark.slow] if number else []
            found.append(pytest.param(script, id=f"{folder.name}-{script.stem}", marks=marks))
    return found


def others_of(suite: str) -> list[object]:
    """Return right work in another style than the solution's; all of it is the slow sweep."""
    scripts = sorted(Path(__file__).parent.glob(f"others/{suite}/*/*.sh"))
    return [
        pytest.param(script, id=f"{script.parent.name}-{script.stem}", marks=pytest.mark.slow) for script in scripts
    ]


def attempted(suite: str, name: str = "*") -> set[str]:
    """Return the tasks of a suite that have an attempt (of this name)."""
    return {path.parent.name for path in Path(__file__).parent.glob(f"attempts/{suite}/*/{name}.sh")}


def check_solution(task: Task, folder: Path, script: str | None = None) -> None:
    """Assert that the solution, or another script, earns everything."""
    played = play(task, folder, script or (task.solution_dir / "solve.sh").read_text())
    assert played.script is not None
    assert played.script.returncode == 0, played.script.stderr
    assert played.reward == 1.0, played.output


def check_nothing(task: Task, folder: Path) -> None:
    """Assert that the task's own files earn nothing, and that the judge says why."""
    played = play(task, folder)
    assert played.reward == 0.0, played.output
    assert "wrong: " in played.output


def check_attempt(task: Task, attempt: str, folder: Path) -> None:
    """Assert that a script runs to its end and earns nothing."""
    played = play(task, folder, attempt)
    assert played.script is not None
    assert played.script.returncode == 0, played.script.stderr
    assert played.reward == 0.0, played.output


def check_fields(task: Task, suite: str) -> None:
    """Assert that the task can be played without an image or a network, and says what there is to say."""
    check_playable(task, "local", images=False, networks=frozenset({"none"}))
    assert (task.task_id, task.name) == (f"{suite}/{task.path.name}", f"claudebox/{task.path.name}")
    assert task.network == "none"
    assert task.keywords
    assert task.metadata["difficulty"] in ("easy", "medium", "hard")
    assert task.expected_s is not None
    assert task.environment_files is not None


def check_shared_files(tasks: list[Task]) -> None:
    """Assert that files of one name are one file in all tests of a suite, and two of them those of the quickstart."""
    known = find_tasks("quickstart")[0].tests_dir
    contents = {name: {(known / name).read_bytes()} for name in ("judging.py", "test.sh")}
    for task in tasks:
        assert {path.name for path in task.tests_dir.iterdir()} > {"judge.py", "judging.py", "test.sh"}
        for path in task.tests_dir.iterdir():
            if path.name != "judge.py":
                contents.setdefault(path.name, set()).add(path.read_bytes())
    assert {name for name, found in contents.items() if len(found) > 1} == set()


def check_in_sandbox(task: Task, sandbox: str, agent: str, reward: float) -> None:
    """Assert the return of an episode that is really played."""
    env = gym.make("ClaudeBox-v0", task=task.task_id, agent=agent, sandbox=sandbox, actor=False)
    try:
        episode = run_episode(env)
    finally:
        env.close()
    assert episode.episode_return == reward, episode.error_message
