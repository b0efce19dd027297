"""The key of the model's API is on the host, in one process, and nowhere else: not even where the most is logged."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from key_lab import Trap, commands_with, environments_below, files_with, real_api

from claudebox_rl import load_dataset
from claudebox_rl.types import Outcome

ROLLOUT = """
import sys
from claudebox_rl.cli.main import main
options = sys.argv[3:]
played = main(["-v", "rollout", "task=quickstart/fix-bug", "model=anthropic", "sandbox=local", "out=data",
               f"+model.options.base_url={sys.argv[2]}", *options])
exported = main(["export", "data", "-o", "export.json"])
sys.exit(played or exported)
"""
SESSION = """
import asyncio, logging, sys
from claudebox_rl import ClaudeBox, TrajectoryExporter
logging.basicConfig(level=logging.DEBUG)
key = sys.stdin.readline().strip()
async def play():
    model = {"upstream": "anthropic", "options": {"base_url": sys.argv[2]}}
    async with ClaudeBox(model=model, sandbox="local", session_id="s-key", api_key=key) as box:
        result = await box.code("look for keys")
        print(box, result, box.history(), box.take_model_calls())
        assert result.success, result.error
    TrajectoryExporter("s-key").save_to_file("export.json")
asyncio.run(play())
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a short name, since Ray keeps sockets below it, for all that the process writes anywhere."""
    folder = Path(tempfile.mkdtemp(prefix="key-"))
    for name in ("home", "tmp", "work"):
        (folder / name).mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class Search:
    """Plays an episode in a process of its own, and looks for the key in the middle of it and afterwards."""

    def __init__(self, place: Path) -> None:
        self.place, self.trap = place, Trap()
        self.heads: list[str] = []
        self.found_in_the_middle: list[str] = []
        self.environments: dict[str, Any] = {}
        self._pid = 0

    async def play(self, program: str, *options: str, key_from: str) -> str:
        """Run the program to its end; return what it printed and logged."""
        async with real_api(self.trap, self.heads, self._look) as port:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", program, "-", f"http://127.0.0.1:{port}", *options,
                cwd=self.place / "work",
                env=self._environment() | ({"ANTHROPIC_API_KEY": self.trap.key} if key_from == "environment" else {}),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            self._pid = process.pid
            told = self.trap.key if key_from == "input" else ""
            output, _ = await asyncio.wait_for(process.communicate(f"{told}\n".encode()), 110)
        assert process.returncode == 0, output.decode()
        return output.decode()

    def probed(self, output: str) -> dict[str, list[str]]:
        """Return what the agent's own search found."""
        start = output.index('{"key": [')
        return json.JSONDecoder().raw_decode(output[start:])[0]

    def check(self, told: str, probed: dict[str, list[str]]) -> None:
        """Hold what was found against what must be found."""
        key, canary = self.trap.key, self.trap.canary
        assert any(f"x-api-key: {key}" in head for head in self.heads), "the key must be at work"
        assert probed["key"] == []
        assert {Path(found).name for found in probed["canary"]} >= {"canary.txt", "environ", "cmdline"}
        assert self.found_in_the_middle == []
        assert any("claude" in name and "ANTHROPIC_API_KEY" in each for name, each in self.environments.items())
        assert [name for name, each in self.environments.items() if key in str(each)] == []
        assert key not in told
        assert "[redacted] met an error" in told, "the error that told the key is told without it"
        assert files_with(key, self.place) == []
        assert files_with(canary[:20], self.place), "the search of files must find what is there"

    def _look(self) -> None:
        self.found_in_the_middle += commands_with(self.trap.key)
        self.found_in_the_middle += files_with(self.trap.key, self.place)
        self.environments |= environments_below(self._pid)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        home, tmp = str(self.place / "home"), str(self.place / "tmp")
        return {**kept, "HOME": home, "CLAUDEBOX_HOME": f"{home}/claudebox", "TMPDIR": tmp, "RAY_TMPDIR": tmp}


@pytest.mark.parametrize("num_workers", [0, pytest.param(1, marks=pytest.mark.slow)], ids=["inline", "ray"])
async def test_a_rollout_leaves_the_key_nowhere(local_sandbox: str, place: Path, num_workers: int) -> None:
    search = Search(place)
    told = await search.play(ROLLOUT, f"rollout.num_workers={num_workers}", key_from="environment")
    dataset = load_dataset(place / "work/data")
    (record,) = dataset
    assert record.episode.outcome is Outcome.COMPLETED
    probe = next(call for step in record.steps for call in step.tool_calls)
    # Parts are compressed, so that a search of their bytes says nothing.
    stored = json.dumps([table.to_pylist() for table in (dataset.episodes, dataset.steps, dataset.model_calls)])
    assert search.trap.key not in stored
    assert "canary.txt" in stored
    search.check(told + stored, search.probed(probe.output))


async def test_a_session_leaves_the_key_nowhere(local_sandbox: str, place: Path) -> None:
    search = Search(place)
    told = await search.play(SESSION, key_from="input")
    (history,) = (place / "home/claudebox/sessions/s-key").rglob("history.jsonl")
    probe = next(line for line in map(json.loads, history.read_text().splitlines()) if "canary" in json.dumps(line))
    search.check(told, search.probed(probe["output"]))
    assert (place / "work/export.json").stat().st_size > 1000
