"""A stored episode, played again by its own model calls: does the agent still ask the same?"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.playing.episode import run_episode
from claudebox_rl.playing.player import make_seat
from claudebox_rl.policies import Policy
from claudebox_rl.trajectory import EpisodeRecord, commit, load_dataset
from claudebox_rl.types import SUBMIT, Episode, EpisodeRequest, Outcome

_SETTINGS = ("agent", "sandbox", "template", "max_steps", "skills", "security_policy")
_REPORT = re.compile(
    r"the replay diverges at call (?P<index>\d+) \(agent (?P<agent>[^)]*)\), (?P<place>\$.*?): "
    r"recorded (?P<expected>.*), asked (?P<actual>.*)",
    re.DOTALL,
)
_MORE = re.compile(r"the replay diverges: agent (?P<agent>\S+) asks for more calls than were recorded of it")
_MESSAGE = re.compile(r"\$\.messages\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class FirstDivergence:
    """Where a replay first was not what was recorded. Its texts are untrusted."""

    call_index: int | None
    """Of the recorded call, from 0 over the whole episode; None where nothing more was recorded."""
    agent_path: str
    json_path: str
    """Of the place in the request; empty where one side has no such call."""
    expected: str
    """Excerpt of what was recorded."""
    actual: str
    """Excerpt of what came."""

    @property
    def message_index(self) -> int | None:
        """The message of the request that differs, from 0; None where it is no message."""
        found = _MESSAGE.match(self.json_path)
        return int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to."""

    recorded: Episode
    played: Episode
    num_recorded: int
    """Model calls of the stored episode."""
    num_asked: int
    """Those of the replay."""
    divergence: FirstDivergence | None


def replay_episode(
    dataset: str | Path,
    episode: str,
    *,
    sandbox: str | None = None,
    task: str | None = None,
    ignore: Sequence[str] = (),
) -> Replayed:
    """Play a stored episode's model calls through the real agent in a fresh sandbox, to the first divergence.

    Task, seat, agent, sandbox and seed are those of the episode; its prompts are sent again. Nothing is stored.

    Args:
        dataset: The dataset's folder or URI.
        episode: The episode's id, or how it begins.
        sandbox: Another backend; None: the recorded one.
        task: Where the task is found now; None: where it was.
        ignore: Regular expressions; what they match in any text of a request counts as equal.

    Raises:
        TrajectoryError: There is no such dataset or episode, or its start can't be played: it is a branch.
        ConfigError: It has no model calls, or its seat has none that a replay could answer.
        TaskError: The task is not found.
    """
    record = load_dataset(dataset)[episode]
    _check(record)
    env = make_seat(_env_kwargs(record, str(dataset), sandbox, task, list(ignore)))
    request = EpisodeRequest(
        task_id=record.episode.task_id, seed=record.episode.seed, episode_id=f"{record.episode.episode_id}-replay"
    )
    with tempfile.TemporaryDirectory(prefix="claudebox-replay-") as folder:
        try:
            played = run_episode(env, _policy(record), request, dataset=folder)
        finally:
            env.close()
        commit(folder)
        asked = load_dataset(folder)[played.episode_id]
    found = _divergence(record, asked)
    return Replayed(record.episode, played, len(record.model_calls), len(asked.model_calls), found)


def _check(record: EpisodeRecord) -> None:
    episode = record.episode
    if episode.parent_episode_id is not None:
        raise TrajectoryError(
            f"{episode.episode_id} branched off from {episode.parent_episode_id} after {episode.fork_step} steps, so a "
            "fresh sandbox is not where it began: replay the episode that it branched off from"
        )
    if not record.model_calls:
        raise ConfigError(f"{episode.episode_id} has no model calls to replay")
    seat = episode.config.get("seat", "user")
    if seat != "user":
        raise ConfigError(f"{episode.episode_id} was played at seat={seat}: only episodes of seat=user are replayed")


def _env_kwargs(
    record: EpisodeRecord, dataset: str, sandbox: str | None, task: str | None, ignore: list[str]
) -> dict[str, Any]:
    episode, config = record.episode, record.episode.config
    kwargs: dict[str, Any] = {name: config[name] for name in _SETTINGS if config.get(name) is not None}
    if sandbox is not None or "sandbox" not in kwargs:
        stored: Any = kwargs.get("sandbox")
        name = sandbox or episode.sandbox or "auto"
        kwargs["sandbox"] = {**stored, "name": name} if isinstance(stored, dict) else name
    options = {"dataset": dataset, "episode": episode.episode_id, "ignore": ignore}
    model = {"upstream": "replay", "options": options}
    return kwargs | {"seat": "user", "task": task or config.get("task") or episode.task_id, "model": model}


def _policy(record: EpisodeRecord) -> Policy:
    actions = iter([step.action for step in record.steps])

    def play(observation: dict[str, Any]) -> str:
        return next(actions, SUBMIT)

    return play


def _divergence(record: EpisodeRecord, asked: EpisodeRecord) -> FirstDivergence | None:
    told = asked.episode.error_message or ""
    if (found := _REPORT.search(told)) is not None:
        return FirstDivergence(int(found["index"]), found["agent"], found["place"], found["expected"], found["actual"])
    if (found := _MORE.search(told)) is not None:
        return FirstDivergence(None, found["agent"], "", "no further call", "a call")
    if asked.episode.outcome in (Outcome.INFRA_ERROR, Outcome.CANCELLED) or len(asked.model_calls) >= len(
        record.model_calls
    ):
        return None
    return _left_out(record, asked)


def _left_out(record: EpisodeRecord, asked: EpisodeRecord) -> FirstDivergence:
    """Return the first recorded call that nobody asked for: of the main agent, else of any."""
    num_main = sum(call.agent_path == "main" for call in asked.model_calls)
    main = [index for index, call in enumerate(record.model_calls) if call.agent_path == "main"]
    index = main[num_main] if num_main < len(main) else len(asked.model_calls)
    return FirstDivergence(index, record.model_calls[index].agent_path, "", "a call", "no further call")
