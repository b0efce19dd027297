"""The episode itself, asynchronous and free of Gymnasium: it runs where the machine is, here or in an actor."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from claudebox_rl._stages import enter_stage, in_stage
from claudebox_rl.env.seats import Seat, seat_class
from claudebox_rl.env.seats.seat import Acted, Observation
from claudebox_rl.env.settings import EnvSettings
from claudebox_rl.env.start import EpisodeStart, ForkStart
from claudebox_rl.errors import AgentError, ClaudeBoxError, ConfigError, GatewayError, VerifierError
from claudebox_rl.session.box import ClaudeBox
from claudebox_rl.session.final_state.capture import Snapshot, stored_form
from claudebox_rl.tasks import Task
from claudebox_rl.types import CodeResult, Outcome, Stage, VerifierResult
from claudebox_rl.workspace_types import WorkspaceState

StepReturn = tuple[Observation, float, bool, bool, dict[str, Any]]


@dataclass
class _Episode:
    box: ClaudeBox
    seat: Seat
    step_index: int = 0
    parent_episode_id: str | None = None
    fork_step: int | None = None
    """Of the parent, before which this one parted from it."""


class EnvCore:
    """Plays one episode after another, each on a machine of its own.

    Args:
        settings: Seat, model, agent, sandbox and limits.
    """

    def __init__(self, settings: EnvSettings) -> None:
        self._settings = settings
        self._episode: _Episode | None = None

    async def reset(self, start: EpisodeStart) -> tuple[Observation, dict[str, Any]]:
        """End the last episode's machine and boot one for the next.

        Raises:
            ClaudeBoxError: As `ClaudeBox.open`, or the agent or the model failed before the policy's first action.
        """
        await self.close()
        seat = seat_class(self._settings.seat)(start, self._settings.agent)
        box = self._session(seat)
        await box.open(max_turns=None)
        self._episode = _Episode(box, seat)
        try:
            await seat.begin(box)
        except BaseException:
            await asyncio.shield(self.close())
            raise
        return seat.observe(0), self.setting()

    async def step(self, action: Any) -> StepReturn:
        """Do what the policy chose, and judge the final state where that ends the episode.

        Args:
            action: As `Seat.check_action` returned it.

        Raises:
            AgentError: The agent failed; `context` holds the `result` and the `model_calls` until then.
            GatewayError: The model endpoint failed, with the same context.
            VerifierError: The verifier gave no verdict.
            SandboxUnavailableError: The machine died.
        """
        episode = self._playing("step")
        enter_stage(Stage.AGENT)
        try:
            acted = await episode.seat.act(action)
        except (AgentError, GatewayError) as error:
            error.context["workspace"] = await self._left(episode)
            raise
        if enter_stage(Stage.AGENT) == 0 and not acted.is_final:
            acted = replace(acted, is_limited=True)
        episode.step_index += 1
        if acted.is_final and (coming := episode.seat.start.task.next_checkpoint()) is not None:
            return await self._checkpoint(episode, acted, coming)
        observation = episode.seat.observe(episode.step_index)
        if acted.is_final or acted.is_limited or episode.step_index >= self._settings.max_steps:
            reward, info = await self._end(episode, acted)
            return observation, reward, acted.is_final, not acted.is_final, info
        return observation, 0.0, False, False, _info(episode, acted)

    async def fork(self, starts: Sequence[ForkStart]) -> list[EnvCore]:
        """Return a core for each start, with an episode that goes on from here on a machine of its own.

        Raises:
            ConfigError: The agent is at work between steps in this seat, or the session can't be forked.
            SandboxStartError: A machine did not start; none is left.
            SandboxUnavailableError: This machine died.
            AgentError: An agent did not start.
        """
        episode = self._playing("fork")
        if not episode.seat.can_fork:
            raise ConfigError(f"the seat {episode.seat.name} can't be forked: there the agent is at work between steps")
        own = episode.seat.start.seed
        seeds = [own if start.seed is None else start.seed for start in starts]
        ids = [start.episode_id for start in starts]
        boxes = await episode.box.fork(len(starts), episode_ids=ids, seeds=seeds)
        return [self._heir(episode, *heir) for heir in zip(boxes, ids, seeds, strict=True)]

    def _heir(self, parent: _Episode, box: ClaudeBox, episode_id: str, seed: int) -> EnvCore:
        start = parent.seat.start
        seat = parent.seat.fork(replace(start, episode_id=episode_id, seed=seed), box)
        core = EnvCore(self._settings)
        # Where nothing was played since the parent began, it has no steps to go on from: the two are siblings.
        is_sibling = parent.step_index == (parent.fork_step or 0)
        parted = (parent.parent_episode_id, parent.fork_step) if is_sibling else (start.episode_id, parent.step_index)
        core._episode = _Episode(box, seat, parent.step_index, *parted)
        return core

    async def close(self) -> None:
        """End the machine of the running episode. Idempotent."""
        episode, self._episode = self._episode, None
        if episode is not None:
            try:
                await episode.seat.close()
            finally:
                await episode.box.close()

    def _playing(self, what: str) -> _Episode:
        if self._episode is None:
            raise ClaudeBoxError(f"{what}() before reset(), or after the episode ended: call reset()")
        return self._episode

    async def _checkpoint(self, episode: _Episode, acted: Acted, coming: Task) -> StepReturn:
        """Judge where the task's present checkpoint was handed in, and go on to the coming one if that was passed."""
        async with in_stage(Stage.VERIFY, VerifierError):
            verdict = await episode.box.judge_checkpoint()
        task = episode.seat.start.task
        passed, is_cut = task.is_passed(verdict.rewards), episode.step_index >= self._settings.max_steps
        if not passed or is_cut:
            observation = episode.seat.observe(episode.step_index)
            reward, info = await self._end(episode, replace(acted, is_final=not passed), verdict)
            return observation, reward, not passed, passed, info
        enter_stage(Stage.AGENT)
        await episode.box.begin_checkpoint(coming)
        episode.seat.begin_checkpoint(coming)
        info = _info(episode, acted, replace(verdict, share=task.share(is_last=False)))
        return episode.seat.observe(episode.step_index), info["reward_terms"]["verifier"], False, False, info

    async def _end(
        self, episode: _Episode, acted: Acted, verdict: VerifierResult | None = None
    ) -> tuple[float, dict[str, Any]]:
        """Judge the final state, unless that was done, and end the machine; return the reward and the `info`."""
        if verdict is None:
            episode.box.expect_verdict()
        cut_short = await episode.seat.leave()
        snapshot = None
        if self._settings.keep_workspace or (verdict is None and episode.box.verification == "clean_room"):
            snapshot = await episode.box.snapshot()
        storing = asyncio.create_task(self._stored(snapshot))
        try:
            async with in_stage(Stage.VERIFY, VerifierError):
                verdict = verdict or await episode.box.verify(snapshot)
        except VerifierError as error:
            error.context["workspace"] = await storing
            raise
        workspace = await storing
        calls = (*acted.model_calls, *episode.box.take_model_calls())
        await self.close()
        outcome = Outcome.COMPLETED if acted.is_final else Outcome.TRUNCATED
        verdict = replace(verdict, share=episode.seat.start.task.share(is_last=True))
        info = _info(episode, replace(acted, result=acted.result or cut_short, model_calls=calls), verdict)
        return info["reward_terms"]["verifier"], info | {"outcome": str(outcome), "workspace": workspace}

    async def _stored(self, snapshot: Snapshot | None) -> WorkspaceState | None:
        return await stored_form(snapshot) if snapshot is not None and self._settings.keep_workspace else None

    async def _left(self, episode: _Episode) -> WorkspaceState | None:
        """Return what a failed agent left."""
        try:
            return await self._stored(await episode.box.snapshot())
        except ClaudeBoxError:
            return None  # the failure itself is what is told

    def _session(self, seat: Seat) -> ClaudeBox:
        settings = self._settings
        arguments: dict[str, Any] = {
            "model": settings.model,
            "agent": settings.agent,
            "sandbox": settings.sandbox,
            "skills": settings.skills,
            "security_policy": settings.security_policy,
            "budget": settings.budget,
            "episode_id": seat.start.episode_id,
            "seed": seat.start.seed,
            "enable_logging": False,
            "reward_fn": _no_reward if settings.read_changes else None,
        }
        return ClaudeBox(seat.start.task, **(arguments | seat.session()))

    def setting(self) -> dict[str, Any]:
        """Return what there is to tell of the episode before its first step."""
        episode = self._playing("setting")
        box, start = episode.box, episode.seat.start
        return {
            "episode_id": start.episode_id,
            "parent_episode_id": episode.parent_episode_id,
            "fork_step": episode.fork_step,
            "task_id": start.task.task_id,
            "queued_s": box.queued_s,
            "boot_s": box.boot_s,
            "setup_s": box.setup_s,
            "sandbox": box.sandbox.name,
            "isolation": box.sandbox.capabilities().isolation,
            "verification": box.verification,
            "agent": self._settings.agent.name,
            "agent_version": box.agent_version,
            "model": box.model_name,
            "secrets": box.secrets,
        }


def _no_reward(result: CodeResult) -> None:
    """Judge nothing: for a session with a reward the files are read before and after each prompt."""


def _info(episode: _Episode, acted: Acted, verdict: VerifierResult | None = None) -> dict[str, Any]:
    return {
        "episode_id": episode.seat.start.episode_id,
        "parent_episode_id": episode.parent_episode_id,
        "fork_step": episode.fork_step,
        "result": acted.result,
        "model_calls": acted.model_calls,
        "verifier": verdict,
        "reward_terms": {"verifier": verdict.reward * verdict.share} if verdict else {},
        "exhausted": acted.result.exhausted if acted.result else None,
    }
