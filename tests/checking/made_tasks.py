"""Small tasks, made by tests: most of them with something wrong."""

from __future__ import annotations

from pathlib import Path

from claudebox_rl.tasks import Task, load_task

SOLVED = 'grep -qx right answer.txt 2>/dev/null && echo 1.0 > "$LOGS/reward.txt" || echo 0.0 > "$LOGS/reward.txt"'


def make_task(
    folder: Path,
    verifier: str = SOLVED,
    *,
    solution: str | None = "echo right > answer.txt",
    cheats: dict[str, str] | None = None,
    given: dict[str, str] | None = None,
) -> Task:
    """Write a task whose verifier is a shell script that finds the folder of the verdict in $LOGS."""
    files = {
        "task.toml": 'schema_version = "1.4"\n[metadata.claudebox]\nhost_tools = ["bash"]\n[environment]\n'
        'workdir = "/workspace"\nnetwork_mode = "no-network"\n[verifier]\ntimeout_sec = 20.0\n',
        "instruction.md": "Write the word `right` to `answer.txt`.\n",
        "environment/README": "Nothing.\n",
        "tests/test.sh": f'#!/bin/bash\nLOGS="${{CLAUDEBOX_ROOT:-}}/logs/verifier"\nmkdir -p "$LOGS"\n{verifier}\n',
        **({} if solution is None else {"solution/solve.sh": f"#!/bin/bash\n{solution}\n"}),
        **{f"cheats/{name}.sh": script for name, script in (cheats or {}).items()},
        **{f"environment/{name}": text for name, text in (given or {}).items()},
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return load_task(folder)
