"""The episode itself, asynchronous and free of Gymnasium: it runs where the machine is, here or in an actor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from claudebox_rl.env.settings import EnvSettings
from claudebox_rl.env.spaces import facts
from claudebox_rl.errors import AgentError, ClaudeBoxError, GatewayError
from claudebox_rl.session.box import ClaudeBox
from claudebox_rl.tasks import Task
from claudebox_rl.types import SUBMIT, CodeResult, Failure, ModelCall, Outcome, VerifierResult

Observation = dict[str, Any]
StepReturn = tuple[Observation, float, bool, bool, dict[str, Any]]

_LIMITS = frozenset({Failure.MAX_TURNS, Failure.BUDGET, Failure.TIMEOUT})


@dataclass
class _Episode:
    box: ClaudeBox
    task: Task
    step_index: int = 0
    response: str = ""


class EnvCore:
    """Plays one episode after another, each on a machine of its own.

    Args:
        settings: Model, agent, sandbox and limits.
    """

    def __init__(self, settings: EnvSettings) -> None:
        self._settings = settings
        self._episode: _Episode | None = None

    async def reset(self, task: Task, episode_id: str) -> tuple[Observation, dict[str, Any]]:
        """End the last episode's machine and boot one for `task`.

        Raises:
            ClaudeBoxError: As `ClaudeBox.open`.
        """
        await self.close()
        settings = self._settings
        box = ClaudeBox(
            task,
            model=settings.model,
            agent=settings.agent,
            sandbox=settings.sandbox,
            skills=settings.skills,
            security_policy=settings.security_policy,
            episode_id=episode_id,
            enable_logging=False,
        )
        await box.open(max_turns=None)
        self._episode = _Episode(box, task)
        info = {
            "episode_id": episode_id,
            "task_id": task.task_id,
            "boot_s": box.boot_s,
            "setup_s": box.setup_s,
            "sandbox": box.sandbox.name,
            "isolation": box.sandbox.capabilities().isolation,
            "agent": settings.agent.name,
            "agent_version": box.agent_version,
            "model": box.model_name,
        }
        return self._observe(self._episode, None), info

    async def step(self, action: str) -> StepReturn:
        """Give the agent a prompt, or judge the final state on `SUBMIT` or at a limit.

        Raises:
            AgentError: The agent failed; `context` holds the `result` and the `model_calls` until then.
            GatewayError: The model endpoint failed, with the same context.
            VerifierError: The verifier gave no verdict.
            SandboxUnavailableError: The machine died.
        """
        episode = self._episode
        if episode is None:
            raise ClaudeBoxError("step() before reset(), or after the episode ended: call reset()")
        if action == SUBMIT:
            return await self._end(episode, None, (), terminated=True)
        result = await episode.box.code(action, max_turns=None)
        calls = episode.box.take_model_calls()
        _raise_failure(result, calls)
        episode.response = result.response
        episode.step_index += 1
        if result.failure in _LIMITS or episode.step_index >= self._settings.max_steps:
            return await self._end(episode, result, calls, terminated=False)
        return self._observe(episode, result), 0.0, False, False, _info(result, calls)

    async def close(self) -> None:
        """End the machine of the running episode. Idempotent."""
        episode, self._episode = self._episode, None
        if episode is not None:
            await episode.box.close()

    async def _end(
        self, episode: _Episode, result: CodeResult | None, calls: tuple[ModelCall, ...], *, terminated: bool
    ) -> StepReturn:
        verdict = await episode.box.verify()
        observation = self._observe(episode, result)
        await self.close()
        outcome = Outcome.COMPLETED if terminated else Outcome.TRUNCATED
        info = _info(result, calls, verdict) | {"outcome": str(outcome)}
        return observation, verdict.reward, terminated, not terminated, info

    def _observe(self, episode: _Episode, result: CodeResult | None) -> Observation:
        result = result or CodeResult(success=False)
        return {
            "instruction": episode.task.instruction,
            "response": episode.response,
            "facts": facts(
                step_index=episode.step_index,
                success=result.success,
                num_turns=result.num_turns,
                num_tool_calls=len(result.action_log),
                num_tool_errors=sum(call.is_error for call in result.action_log),
                duration_s=result.duration_s,
                input_tokens=result.usage.input_tokens,
                output_tokens=result.usage.output_tokens,
                cost_usd=result.cost_usd,
            ),
        }


def _raise_failure(result: CodeResult, calls: tuple[ModelCall, ...]) -> None:
    if result.failure is None or result.failure in _LIMITS:
        return
    error = GatewayError if result.failure is Failure.API_ERROR else AgentError
    raise error(result.error or str(result.failure), failure=str(result.failure), result=result, model_calls=calls)


def _info(
    result: CodeResult | None, calls: tuple[ModelCall, ...], verdict: VerifierResult | None = None
) -> dict[str, Any]:
    return {
        "result": result,
        "model_calls": calls,
        "verifier": verdict,
        "reward_terms": {"verifier": verdict.reward} if verdict else {},
    }
