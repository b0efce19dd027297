"""The account of one episode while it is played: what its steps add up to, and how it ended."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from claudebox_rl.call_types import Distinct
from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import EpisodeJournal, working
from claudebox_rl.trajectory.scrubbing.make import make_scrubber
from claudebox_rl.trajectory.workspace.blobs import put_blobs, without
from claudebox_rl.types import CodeResult, Episode, EpisodeRequest, ModelCall, Outcome, Step, Usage, WorkspaceState

log = logging.getLogger(__name__)


class Tally:
    """Counts one episode and journals it as it goes.

    Args:
        request: What is played.
        scrub: What is taken out before anything is written: one of `LEVELS`.

    Raises:
        ConfigError: That can't be done.
    """

    def __init__(self, request: EpisodeRequest, scrub: str = "keys") -> None:
        self._request = request
        self._scrub, self._scrubber = scrub, make_scrubber(scrub, {})
        self._journal: EpisodeJournal | None = None
        self._started_at = time.time()
        self._facts: dict[str, Any] = {}
        self._results: list[CodeResult] = []
        self._steps: list[Step] = []
        self._usages = Distinct(lambda call: call.usage)
        self._verify_s = 0.0
        self._dataset: str | Path | None = None
        self._workspace: WorkspaceState | None = None
        self._acting: tuple[dict[str, Any], str, float] | None = None
        self.ended = False

    def open(self, dataset: str | Path) -> None:
        """Journal from now on in this dataset.

        Raises:
            TrajectoryError: The journal can't be made.
        """
        if self._request.run_id:
            working(dataset, self._request.run_id)
        self._dataset, self._journal = dataset, EpisodeJournal(dataset, self._request.episode_id, self._scrubber)
        self._journal.add_start(self._identity())

    def begin(self, info: dict[str, Any], secrets: Mapping[str, str] | None = None) -> None:
        """Note what `reset` told.

        Args:
            info: Of the reset.
            secrets: What the session knows and nobody may write down: value to kind.
        """
        self._facts = info
        self._scrubber = make_scrubber(self._scrub, secrets or {})
        if self._journal is not None:
            self._journal.scrubber = self._scrubber
            self._journal.add_start(self._identity() | self._setting())

    def act(self, observation: dict[str, Any], action: Any) -> Any:
        """Note what is about to be done, and on which sight; returns the action."""
        written = action if isinstance(action, str) else json.dumps(_plain(action))
        self._acting = (_plain(observation), written, time.monotonic())
        return action

    def add(self, reward: float, terminated: bool, truncated: bool, info: dict[str, Any]) -> None:
        """Note what the step gave, and bring it into the journal."""
        if info["verifier"] is not None:
            self._verify_s += info["verifier"].duration_s
        self._workspace = info.get("workspace")
        self._note(reward, info["reward_terms"], terminated, truncated, info["result"], info["model_calls"])
        self.ended = terminated or truncated

    def finish(self, outcome: Outcome) -> Episode:
        """Close the account of an episode that came to its end."""
        self._keep_workspace()
        return self._close(self._episode(outcome, None))

    def fail(self, error: BaseException) -> Episode:
        """Close the account of an episode that an exception ended; what the failed step did is kept."""
        if self._acting is not None and not isinstance(error, TrajectoryError):
            context: dict[str, Any] = getattr(error, "context", {})
            self._note(0.0, {}, False, True, context.get("result"), context.get("model_calls", ()))
            self._workspace = context.get("workspace")
            self._keep_workspace()
        episode = self._episode(Outcome.of_error(error, begun=bool(self._facts)), error)
        try:
            return self._close(episode)
        except TrajectoryError as second:
            log.error("episode %s can't be stored: %s", episode.episode_id, second)
            return episode

    def _note(
        self,
        reward: float,
        terms: dict[str, float],
        terminated: bool,
        truncated: bool,
        result: CodeResult | None,
        calls: Sequence[ModelCall],
    ) -> None:
        assert self._acting is not None
        (observation, action, started), self._acting = self._acting, None
        step = Step(
            episode_id=self._request.episode_id,
            step_index=len(self._steps),
            observation=observation,
            action=action,
            reward=reward,
            reward_terms=dict(terms),
            terminated=terminated,
            truncated=truncated,
            tool_calls=result.action_log if result else (),
            refused=result.refused if result else (),
            duration_s=time.monotonic() - started,
        )
        self._steps.append(step)
        self._results += [result] if result else []
        self._usages.add(calls)
        if self._journal is not None:
            self._journal.add_step(step, calls)

    def _keep_workspace(self) -> None:
        """Store what the diff does not hold; what can't be stored, or holds a secret, is told to be left out."""
        if self._workspace is None or self._dataset is None:
            return
        state, scrubber = self._workspace, self._scrubber
        secret: set[str] = set()
        if scrubber is not None:
            secret = {sha256 for sha256, content in state.blobs.items() if scrubber.holds(content)}
            diff = scrubber.text(state.diff)
            state = replace(state, diff=diff, num_left_out=state.num_left_out + (diff != state.diff))
        missing = put_blobs(self._dataset, {sha256: state.blobs[sha256] for sha256 in state.blobs.keys() - secret})
        self._workspace = without(state, missing | secret)

    def _close(self, episode: Episode) -> Episode:
        if self._journal is not None:
            self._journal.finish(episode)
            self._journal.close()
            if (scrubber := self._scrubber) is not None:
                counts = scrubber.num_scrubbed, scrubber.num_calls_without_tokens
                episode = replace(episode, num_scrubbed=counts[0], num_calls_without_tokens=counts[1])
        return episode

    def _episode(self, outcome: Outcome, error: BaseException | None) -> Episode:
        names = {name for step in self._steps for name in step.reward_terms}
        return Episode(
            **self._identity(),
            **self._setting(),
            episode_id=self._request.episode_id,
            outcome=outcome,
            episode_return=sum(step.reward for step in self._steps) if outcome.valid_for_training else None,
            rewards={name: sum(step.reward_terms.get(name, 0.0) for step in self._steps) for name in sorted(names)},
            num_steps=len(self._steps),
            num_turns=sum(result.num_turns for result in self._results),
            agent_s=sum(result.agent_s for result in self._results),
            verify_s=self._verify_s,
            usage=sum(self._usages, Usage()),
            cost_usd=sum(result.cost_usd for result in self._results),
            exhausted=next((result.exhausted for result in self._results if result.exhausted), None),
            error_type=type(error).__name__ if error else None,
            error_message=self._message(error) if error else None,
            workspace_diff=self._workspace.diff if self._workspace else None,
            workspace_files=self._workspace.files if self._workspace else None,
            workspace_left_out=self._workspace.num_left_out if self._workspace else None,
            started_at=self._started_at,
            ended_at=time.time(),
        )

    def _message(self, error: BaseException) -> str:
        text = str(error) or type(error).__name__
        return text if self._scrubber is None or self._journal is None else self._scrubber.text(text)

    def _identity(self) -> dict[str, Any]:
        """What is known before the machine boots."""
        request = self._request
        return {
            "run_id": request.run_id,
            "task_id": self._facts.get("task_id") or request.task_id or "",
            "group_id": request.group_id,
            "attempt": request.attempt,
            "seed": request.seed,
            "config": request.config,
            "overrides": request.overrides,
        }

    def _setting(self) -> dict[str, Any]:
        """What `reset` told of machine and agent; nothing where it failed."""
        names = ("parent_episode_id", "fork_step", "queued_s", "boot_s", "setup_s", "agent", "agent_version", "model",
                 "sandbox", "isolation", "verification")  # fmt: skip
        return {name: self._facts[name] for name in names if name in self._facts}


def _plain(value: Any) -> Any:
    """Return a value of a space as JSON types: arrays become lists, and numbers of NumPy Python's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("Sequence[Any]", value)]
    return value.tolist() if hasattr(value, "tolist") else value
