"""What generators promise: the same bytes everywhere, other tasks for other seeds, more work where it is harder."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from claudebox_rl.errors import ConfigError
from claudebox_rl.tasks.procedural import DIFFICULTIES, FAMILIES, find_family, generate
from claudebox_rl.tasks.procedural.folder import shared_files

GOLDEN = Path(__file__).with_name("digests.json")
"""Of the tasks of a family in one version, of all difficulties and some seeds, on any machine and Python."""
SEEDS = (0, 1, 7, 10**30)


def digest(files: dict[str, bytes]) -> str:
    own = {path: content.decode() for path, content in files.items() if path not in shared_files()}
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()


def digests(family: str) -> str:
    made = [digest(generate(family, difficulty, seed)) for difficulty in DIFFICULTIES for seed in SEEDS]
    return hashlib.sha256("".join(made).encode()).hexdigest()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_machine_makes_the_same_bytes(family: str):
    stored = json.loads(GOLDEN.read_text())
    name = f"{family} {find_family(family).version}"
    assert name in stored, f"run {Path(__file__).name} as a program"
    assert digests(family) == stored[name], "other tasks than before: raise the family's version, and run this file"


def test_no_hash_seed_and_no_locale_is_in_a_task():
    code = "import test_generators as t; print([t.digest(t.generate(f, 5, 3)) for f in sorted(t.FAMILIES)])"
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    made = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": path, "LC_ALL": "C"},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(made) == 1


def seen_by_the_agent(files: dict[str, bytes]) -> str:
    shown = {path: text for path, text in files.items() if path == "instruction.md" or path.startswith("environment/")}
    return digest(shown)


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
@pytest.mark.parametrize("family", FAMILIES)
def test_other_seeds_give_other_tasks(family: str, difficulty: int):
    assert num_distinct(family, difficulty, 60) == 60


@pytest.mark.slow
@pytest.mark.parametrize("difficulty", DIFFICULTIES)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_thousand_seeds_give_a_thousand_tasks(family: str, difficulty: int):
    assert num_distinct(family, difficulty, 1000) == 1000


def num_distinct(family: str, difficulty: int, num_seeds: int) -> int:
    """Count the tasks that differ in what the agent sees."""
    return len({seen_by_the_agent(generate(family, difficulty, seed)) for seed in range(num_seeds)})


@pytest.mark.parametrize("family", FAMILIES)
def test_solutions_grow_with_the_difficulty(family: str):
    sizes = [
        sum(changed_lines(generate(family, difficulty, seed)) for seed in range(20)) for difficulty in DIFFICULTIES
    ]
    assert sizes == sorted(sizes), sizes


def changed_lines(files: dict[str, bytes]) -> int:
    """Count the characters that the solution has and the files of the task have not, by lines."""
    given = {line for path, text in files.items() if path.startswith("environment/") for line in text.splitlines()}
    solved = [line for path, text in files.items() if path.startswith("solution/files/") for line in text.splitlines()]
    return sum(len(line) for line in solved if line not in given)


def test_a_generator_refuses_what_it_can_not_make():
    with pytest.raises(ConfigError, match="difficulty must be from 1 to 5, not 6"):
        generate("regex", 6, 0)
    with pytest.raises(ConfigError, match="seed must be at least 0"):
        generate("regex", 1, -1)
    with pytest.raises(ConfigError, match=r"unknown task_family 'poetry'; known: .*regex"):
        generate("poetry", 1, 0)


if __name__ == "__main__":
    known = {f"{family} {find_family(family).version}": digests(family) for family in sorted(FAMILIES)}
    GOLDEN.write_text(json.dumps(known, indent=2) + "\n")
