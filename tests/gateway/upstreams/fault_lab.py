"""Many episodes of the real CLI on a bad line to its model, and the account of what the line did."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym

from claudebox_rl import load_dataset, run_episode
from claudebox_rl.gateway.lane import LaneSettings
from claudebox_rl.gateway.messages import assistant_message, message_reply
from claudebox_rl.gateway.upstreams._volatile import Comparison
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
class Met:
    """What the line did with one try of a call."""

    fault: str | None
    is_stream: bool

    @property
    def is_tried_again(self) -> bool:
        """Whether the gateway tries once more where the line plays a server: nothing reached the agent yet."""
        return self.fault in ("429", "500", "529") or (self.fault == "cut" and not self.is_stream)


@dataclass(frozen=True)
class Played:
    """One episode on the bad line."""

    record: EpisodeRecord
    tries: tuple[Met, ...]
    """In order, as the line itself has it."""
    calls: tuple[Met, ...]
    """The last try of each call."""
    wall_s: float


def play(
    num: int,
    dataset: Path,
    sandbox: str,
    rates: Any,
    *,
    seed: int = 0,
    parallel: int = 4,
    endpoint: str | None = None,
) -> list[Played]:
    """Play episodes of small tasks, taking turns, and return them in order.

    Args:
        num: How many.
        dataset: Folder.
        sandbox: Backend.
        rates: Of the faults.
        seed: Of the faults.
        parallel: Episodes at the same time.
        endpoint: Name of a server for the line to play, so that the gateway tries again; None: only the CLI does.
    """
    ledger = dataset.with_suffix(".ledger")
    line = {"upstream": "fault_lab:CountingOracle", "rates": rates, "seed": seed, "ledger": str(ledger)}
    model = {"upstream": "faulty", "options": {**line, "delay_s": [0.1, 1.0], "endpoint": endpoint}}
    # While the gateway tries again, the CLI waits for its first byte.
    agent = AGENT | ({"api_timeout_s": 30.0} if endpoint else {})
    with ThreadPoolExecutor(parallel) as threads:
        walls = list(threads.map(partial(_play_one, dataset, sandbox, model, agent), range(num)))
    commit(dataset)
    tries: defaultdict[str, list[Met]] = defaultdict(list)
    for entry in map(json.loads, ledger.read_text().splitlines()):
        tries[entry["episode_id"]].append(Met(entry["fault"], entry["stream"]))
    stored = load_dataset(dataset)
    num_tries = 1 if endpoint is None else LaneSettings().max_retries + 1
    return [
        Played(stored[name], tuple(tries[name]), tuple(_last_tries(tries[name], num_tries)), wall)
        for name, wall in zip([f"bad-line-{index}" for index in range(num)], walls, strict=True)
    ]


def _last_tries(tries: Sequence[Met], most: int) -> Iterator[Met]:
    num = 0
    for met in tries:
        num += 1
        if num == most or not met.is_tried_again:
            num = 0
            yield met


def _play_one(dataset: Path, sandbox: str, model: dict[str, Any], agent: dict[str, Any], index: int) -> float:
    task = f"quickstart/{TASKS[index % len(TASKS)]}"
    started = time.monotonic()
    env = gym.make(
        "ClaudeBox-v0", task=task, model=model, agent=agent, sandbox=sandbox, actor=False, disable_env_checker=True
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
}
"""How the gateway records a call that met a fault."""
_SEEN_BROKEN = {"unreadable", "broken off", "answered"}
"""A stream may be cut, or stall, before a message began, inside it, and where only its last event is missing."""
_SEEN_UNSENT = {"cut": {"502"}, "stall": {"silent"}}


def _seen_as(met: Met) -> set[str]:
    if met.fault in _SEEN_UNSENT:
        return _SEEN_BROKEN if met.is_stream else _SEEN_UNSENT[met.fault]
    return SEEN_AS[met.fault]


def seen(call: ModelCall) -> str:
    """Name what the record says of how a call was answered."""
    if call.status != 200:
        return str(call.status) if call.status else "silent"
    if call.response is None:
        return "unreadable"
    return "answered" if call.response["stop_reason"] else "broken off"


def _usage_bounds(calls: Sequence[ModelCall]) -> tuple[Usage, Usage]:
    """Return what the requests that were answered used, and what all used that an answer began to: each once.

    The CLI asks some requests again, and goes on from some answers that were cut off: then they have been turns.
    """
    asked: dict[str, set[str]] = {"answered": set(), "broken off": set()}
    for call in calls:
        request = json.dumps(Comparison().lasting(call.request)["messages"])
        asked.setdefault(seen(call), set()).add(request)
    num_begun = len(asked["answered"] | asked["broken off"])
    return _times(len(asked["answered"])), _times(num_begun)


def _times(num_turns: int) -> Usage:
    return sum([PER_TURN] * num_turns, Usage())


def misaccounted(played: Sequence[Played]) -> list[str]:
    """Return what does not add up, call by call."""
    found: list[str] = []
    for each in played:
        name, usage = each.record.episode.episode_id, each.record.episode.usage
        least, most = _usage_bounds(each.record.model_calls)
        if (
            usage.output_tokens != least.output_tokens
            or not least.input_tokens <= usage.input_tokens <= most.input_tokens
        ):
            found.append(f"{name}: used {usage}, which is not between {least} and {most}")
        calls = sorted(each.record.model_calls, key=lambda call: call.started_at)
        if len(calls) != len(each.calls):
            found.append(f"{name}: {len(each.calls)} calls were made, {len(calls)} recorded")
        for index, (call, met) in enumerate(zip(calls, each.calls, strict=False)):
            if seen(call) not in _seen_as(met) or met.is_stream != (call.request.get("stream") is True):
                found.append(f"{name}: call {index} met {met} and is recorded as {seen(call)}")
    return found
