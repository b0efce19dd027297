"""Sessions whose owner is killed at random moments: the next goes on, and nothing is lost but what was under way."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.session.keeping.folder import SessionFolder
from claudebox_rl.session.keeping.json_lines import read_lines

SESSION = "s-killed"


class Victims:
    """Processes that work in one session, one after the other."""

    def __init__(self, home: Path, record: Path) -> None:
        self.home, self.record = home, record

    def start(self, prompt: str) -> subprocess.Popen[bytes]:
        env = os.environ | {"CLAUDEBOX_HOME": str(self.home)}
        argv = [sys.executable, str(Path(__file__).with_name("kill_lab.py")), SESSION, prompt, str(self.record)]
        return subprocess.Popen(argv, env=env, stderr=subprocess.PIPE)

    def run(self, prompt: str) -> float:
        started = time.monotonic()
        victim = self.start(prompt)
        _, said = victim.communicate(timeout=100)
        assert victim.returncode == 0, said.decode()
        return time.monotonic() - started

    def kill(self, prompt: str, after_s: float) -> None:
        victim = self.start(prompt)
        try:
            _, said = victim.communicate(timeout=after_s)
            assert victim.returncode == 0, said.decode()
        except subprocess.TimeoutExpired:
            victim.kill()
            victim.communicate()

    def asked(self) -> list[dict[str, Any]]:
        return list(read_lines(self.record))


def lost(folder: SessionFolder, asked: list[dict[str, Any]]) -> list[str]:
    """Return what a session has lost, as far as its files and the last request show it."""
    words = (folder.workspace / "words").read_text().split()
    history = list(read_lines(folder.history))
    done = [entry["input"]["command"].split()[1] for entry in history if entry["kind"] == "action"]
    prompts = [entry["prompt"].split()[-1] for entry in history if entry["kind"] == "prompt"]
    found = [f"{word} is in the history, not in the workspace" for word in done if word not in words]
    # Of each prompt, at most the last action was under way.
    for prompt in dict.fromkeys(word.rpartition("-")[0] for word in words):
        unwritten = [word for word in words if word.rpartition("-")[0] == prompt and word not in done]
        found += [f"{word} is in the workspace, not in the history" for word in unwritten[:-1]]
    said = asked[-1]["messages"]
    # As the result of a call, or told of with the prompt after the crash.
    known_ids = ('"tool_use_id": "toolu_{}"', "Result of toolu_{}:")
    found += [f"the agent has forgotten {w}" for w in done if not any(form.format(w) in said for form in known_ids)]
    known = {entry["prompt"] for entry in asked}
    found += [f"the agent has forgotten {p}" for p in prompts if p in known and f"this is {p}" not in said]
    found += [f"{p} was asked, but is not in the history" for p in known if p not in prompts]
    if len(words) != len(set(words)):
        found.append("an action was done twice")
    return found


def play(home: Path, tmp_path: Path, num_kills: int, seed: int) -> None:
    victims = Victims(home, tmp_path / "asked.jsonl")
    chance = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAUDEBOX_HOME", str(home))
        folder = SessionFolder(SESSION)
        whole_s = victims.run("p-first")
        for number in range(num_kills):
            # The library's imports, in which nothing can be lost, get few of them.
            victims.kill(f"p-{number}", chance.uniform(0.15, 1.0) * whole_s)
            if number % 10 == 9:
                whole_s = victims.run(f"p-whole-{number}")
                assert lost(folder, victims.asked()) == [], number
        victims.run("p-last")
        assert lost(folder, victims.asked()) == []
        (info,) = ClaudeBox.list_sessions()
        assert (info.session_id, info.state) == (SESSION, "closed")
        assert json.loads((folder.path / "session.json").read_text())["is_ended"]
        assert not list((home / "machines").glob("*.json"))


def test_a_killed_session_goes_on(local_sandbox: str, tmp_path: Path) -> None:
    play(tmp_path / "home", tmp_path, num_kills=8, seed=4)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_two_hundred_kills(local_sandbox: str, tmp_path: Path) -> None:
    play(tmp_path / "home", tmp_path, num_kills=200, seed=4004)
