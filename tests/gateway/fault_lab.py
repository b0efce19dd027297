"""Many episodes of the real CLI on a bad line to its model, and the account of what the line did."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym

from claudebox_rl import load_dataset, run_episode
from claudebox_rl.gateway.messages import assistant_message, message_reply
from claudebox_rl.gateway.upstreams.oracle import OracleUpstream
from claudebox_rl.trajectory import EpisodeRecord, commit
from claudebox_rl.types import EpisodeRequest, ModelCall, Usage

TASKS = ("fix-bug", "write-function", "shell-script", "parse-log")
AGENT = {"api_timeout_s": 5.0, "stall_timeout_s": 10.0, "max_retries": 3, "timeout_s": 120.0}
PER_TURN = Usage(100, 10, 30)


class CountingOracle(OracleUpstream):
    """The oracle, with tokens to count: as many for each turn."""

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = ""):
        return message_reply(request, assistant_message(request, self._turn(request), PER_TURN))


@dataclass(frozen=True)
class Played:
    """One episode on the bad line."""

    record: EpisodeRecord
    faults: tuple[str | None, ...]
    """What each call met, in order, as the line itself has it."""
    wall_s: float


def play(num: int, dataset: Path, sandbox: str, rates: Any, *, seed: int = 0, parallel: int = 4) -> list[Played]:
    """Play episodes of small tasks, taking turns, and return them in order."""
    ledger = dataset.with_suffix(".ledger")
    line = {"upstream": "fault_lab:CountingOracle", "rates": rates, "seed": seed, "ledger": str(ledger)}
    model = {"upstream": "faulty", "options": {**line, "delay_s": [0.1, 1.0]}}
    with ThreadPoolExecutor(parallel) as threads:
        walls = list(threads.map(partial(_play_one, dataset, sandbox, model), range(num)))
    commit(dataset)
    faults: dict[str, list[str | None]] = {}
    for entry in map(json.loads, ledger.read_text().splitlines()):
        faults.setdefault(entry["episode_id"], []).append(entry["fault"])
    stored = load_dataset(dataset)
    names = [f"bad-line-{index}" for index in range(num)]
    return [Played(stored[name], tuple(faults.get(name, ())), wall) for name, wall in zip(names, walls, strict=True)]


def _play_one(dataset: Path, sandbox: str, model: dict[str, Any], index: int) -> float:
    task = f"quickstart/{TASKS[index % len(TASKS)]}"
    started = time.monotonic()
    env = gym.make(
        "ClaudeBox-v0", task=task, model=model, agent=AGENT, sandbox=sandbox, actor=False, disable_env_checker=True
    )
    try:
        run_episode(env, request=EpisodeRequest(episode_id=f"bad-line-{index}"), dataset=dataset)
    finally:
        env.close()
    return time.monotonic() - started


SEEN_AS = {
    None: {"answered"},
    "delay": {"answered"},
    "429": {"429"},
    "500": {"500"},
    "529": {"529"},
    "drop": {"silent"},
    "hang": {"silent"},
    "garbage": {"unreadable"},
    "cut": {"broken off", "unreadable", "502", "answered"},
    "stall": {"broken off", "unreadable", "silent", "answered"},
}
"""How the gateway records a call that met a fault. A cut or a stall may come before a message began, and after all that
counts of it was told: then only the stream's last event is missing."""


def seen(call: ModelCall) -> str:
    """Name what the record says of how a call was answered."""
    if call.status != 200:
        return str(call.status) if call.status else "silent"
    if call.response is None:
        return "unreadable"
    return "answered" if call.response["stop_reason"] else "broken off"


def misaccounted(played: Sequence[Played]) -> list[str]:
    """Return what does not add up, call by call."""
    found: list[str] = []
    for each in played:
        name = each.record.episode.episode_id
        calls = sorted(each.record.model_calls, key=lambda call: call.started_at)
        if len(calls) != len(each.faults):
            found.append(f"{name}: {len(each.faults)} calls were made, {len(calls)} recorded")
        for index, (call, fault) in enumerate(zip(calls, each.faults, strict=False)):
            if seen(call) not in SEEN_AS[fault]:
                found.append(f"{name}: call {index} met {fault} and is recorded as {seen(call)}")
    return found
