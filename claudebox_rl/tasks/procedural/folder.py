"""From a family, a difficulty and a seed to the files of a task folder."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from functools import cache
from random import Random

from claudebox_rl._resources import data_dir
from claudebox_rl.errors import ConfigError
from claudebox_rl.tasks.procedural.family import DIFFICULTIES, Draft, Family
from claudebox_rl.tasks.procedural.registry import find_family

_SHARED = ("test.sh", "judging.py")
_WIDTH = 120
_LEVELS = {1: "easy", 2: "easy", 3: "medium", 4: "hard", 5: "hard"}
_EXPECTED_S = {1: 30, 2: 60, 3: 90, 4: 150, 5: 240}
_SOLVE = """#!/bin/bash
set -euo pipefail
cp -R --no-preserve=mode -- "$(dirname -- "$0")/files/." .
"""
_CONFIG = """schema_version = "1.4"

[task]
name = "claudebox/{name}"
description = {description}
authors = [{{ name = "claudebox_rl" }}]
keywords = {keywords}

[metadata]
difficulty = "{level}"
category = "{category}"

[metadata.procedural]
family = "{family}"
difficulty = {difficulty}
seed = {seed}
version = {version}

[metadata.claudebox]
host_tools = ["bash", "python3"]
expected_s = {expected_s}

[environment]
docker_image = "python:3.12-slim-bookworm"
workdir = "/workspace"
network_mode = "no-network"
cpus = 1
memory_mb = 1024

[agent]
timeout_sec = 600.0

[verifier]
timeout_sec = 120.0
"""


def generate(family: str, difficulty: int, seed: int) -> dict[str, bytes]:
    """Make one task.

    The same arguments give the same bytes, for one version of the family and of the suites' judging.py.

    Args:
        family: One of `FAMILIES`.
        difficulty: One of `DIFFICULTIES`.
        seed: At least 0; any number of digits.

    Returns:
        The files of a task folder: relative path, with `/`, to content.

    Raises:
        ConfigError: An unknown family, or a number out of range.
    """
    maker = find_family(family)
    if difficulty not in DIFFICULTIES:
        raise ConfigError(f"difficulty must be from {DIFFICULTIES[0]} to {DIFFICULTIES[-1]}, not {difficulty}")
    if seed < 0:
        raise ConfigError(f"seed must be at least 0, not {seed}")
    # Seeding by text goes through SHA-512: the same on every machine.
    draft = maker.draft(Random(f"{maker.name} {maker.version} {difficulty} {seed}"), difficulty)
    texts = {
        "task.toml": _config(maker, draft, difficulty, seed),
        "instruction.md": _wrapped(draft.instruction),
        **_below("environment", draft.environment),
        "solution/solve.sh": _SOLVE,
        **_below("solution/files", draft.solution),
        "tests/judge.py": draft.judge,
        "tests/hidden.json": json.dumps(draft.hidden, separators=(",", ":")) + "\n",
    }
    return {path: text.encode() for path, text in texts.items()} | shared_files()


@cache
def shared_files() -> dict[str, bytes]:
    """Return the files that tasks of all suites share: path in the task's folder -> content."""
    tests = data_dir("envs") / "quickstart" / "fix-bug" / "tests"
    return {f"tests/{name}": (tests / name).read_bytes() for name in _SHARED}


def _wrapped(text: str) -> str:
    """Break long lines of prose; what is indented stands as it is."""
    return "\n".join(
        line if len(line) <= _WIDTH or line.startswith("    ") else _broken(line) for line in text.split("\n")
    )


def _broken(line: str) -> str:
    indent = "   " if line[:1].isdigit() else "  " if line.startswith("- ") else ""
    return textwrap.fill(line, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _below(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    return {f"{folder}/{path}": text for path, text in files.items()}


def _config(maker: Family, draft: Draft, difficulty: int, seed: int) -> str:
    return _CONFIG.format(
        name=f"{maker.name}-{difficulty}-{seed}",
        description=json.dumps(draft.description),
        keywords=json.dumps(list(maker.keywords)),
        level=_LEVELS[difficulty],
        category=maker.category,
        expected_s=_EXPECTED_S[difficulty],
        family=maker.name,
        difficulty=difficulty,
        seed=seed,
        version=maker.version,
    )
