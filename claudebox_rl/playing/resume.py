"""What is left of a run, and whether settings go on with it: values in, values out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, cast

from claudebox_rl.playing.plan import next_attempt
from claudebox_rl.types import EpisodeRequest, Outcome

FREE = ("out", "run", "ray", "rollout")
"""Settings, and sections of them, that no episode depends on: they may differ from start to start."""
SHAPING = ("rollout.group_size", "rollout.branch_at", "rollout.scrub")
"""What in those sections episodes do depend on."""
GROWING = "rollout.episodes_per_task"
"""May grow from start to start: ids and seeds of the first episodes stay as they were."""
_LATER = re.compile(r"(-again|-attempt\d+)$")
_ATTEMPT = re.compile(r"-attempt(\d+)")


def what_is_left(
    requests: Sequence[EpisodeRequest], outcomes: Mapping[str, Outcome], max_attempts: int
) -> list[EpisodeRequest]:
    """Return what is still to be played of a plan, in its order, each request as its next attempt.

    An episode is finished by an attempt with an outcome that is valid for training, or when `max_attempts` were lost
    to the infrastructure. Somebody's interrupt (`cancelled`) uses up none; what a kill left has no outcome at all, and
    nor has an attempt that a full disk could not store: later ones count without it.

    Args:
        requests: The whole plan, first attempts.
        outcomes: Of the attempts that were stored, by episode id.
        max_attempts: Of each episode, at least 1.
    """
    planned = {request.episode_id for request in requests}
    stored: dict[str, dict[str, Outcome]] = {name: {} for name in planned}
    for name, outcome in outcomes.items():
        stored.get(_first_id(name, planned), {})[name] = outcome
    nexts = (_next(request, stored[request.episode_id], max_attempts) for request in requests)
    return [left for left in nexts if left is not None]


def _first_id(episode_id: str, planned: Set[str]) -> str:
    """Return the id of the first attempt; a planned id may itself end like that of a later one."""
    name = episode_id
    while name not in planned and (shorter := _LATER.sub("", name)) != name:
        name = shorter
    return name


def _next(request: EpisodeRequest, stored: Mapping[str, Outcome], max_attempts: int) -> EpisodeRequest | None:
    if any(outcome.valid_for_training for outcome in stored.values()):
        return None
    attempts = {name: _attempt(name.removeprefix(request.episode_id)) for name in stored}
    if not attempts:
        return request
    latest = max(attempts, key=lambda name: (attempts[name], len(name)))
    request = replace(request, episode_id=latest, attempt=attempts[latest])
    if stored[latest] is Outcome.CANCELLED:
        return replace(request, episode_id=f"{latest}-again")
    return next_attempt(request) if request.attempt < max_attempts else None


def _attempt(ending: str) -> int:
    return int((_ATTEMPT.findall(ending) or [1])[-1])


def differing(stored: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the settings that episodes depend on and that are not the same, by dotted name: before, and now.

    What only one side has is left out: another version of claudebox_rl had no such setting.
    """
    before, now = dict(_leaves(_plain(stored))), dict(_leaves(_plain(given)))
    return {
        name: (before[name], now[name])
        for name in before.keys() & now.keys()
        if before[name] != now[name] and _matters(name, before[name], now[name])
    }


def _matters(name: str, before: Any, now: Any) -> bool:
    if name == GROWING:
        return now < before
    return name in SHAPING or not any(name == free or name.startswith(f"{free}.") for free in FREE)


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and (value or not name):
        for key, item in cast("dict[str, Any]", value).items():
            yield from _leaves(item, f"{name}.{key}" if name else key)
    else:
        yield name, value


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def plan_digest(requests: Sequence[EpisodeRequest]) -> str:
    """Return what tells whether two plans, or the beginnings of two, are of the same episodes."""
    identity = [(one.episode_id, one.task_id, one.seed, one.group_id) for one in requests]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()
