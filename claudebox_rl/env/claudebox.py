"""`ClaudeBox-v0`: the policy is the user, and talks with a coding agent until it submits the work."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import gymnasium as gym

from claudebox_rl.config import AgentConfig, ModelConfig, SandboxConfig
from claudebox_rl.env.core import Observation
from claudebox_rl.env.host import make_host
from claudebox_rl.env.settings import Setting, make_settings
from claudebox_rl.env.spaces import UnicodeText, observation_space
from claudebox_rl.errors import ConfigError
from claudebox_rl.tasks import Task, find_tasks


class ClaudeBoxEnv(gym.Env[Observation, str]):
    """A coding task, a sandbox, and an agent that takes prompts.

    - Observation: `instruction` (the task), `response` (the agent's last message), `facts` (see
      `claudebox_rl.env.spaces.FACTS`).
    - Action: a prompt for the agent, or `claudebox_rl.SUBMIT`.
    - Reward: 0 for a prompt; at the end, the verdict of the task's verifier on the final state.
    - Terminated: the work was submitted and judged. Truncated: a limit of steps, turns, time or dollars was reached;
      the state at that moment is judged as well.
    - `info` of a step: `result` (a `CodeResult`, None for `SUBMIT`), `model_calls`, `verifier` (a `VerifierResult` at
      the end), `reward_terms`, and at the end `outcome`. Of a reset: the task, times and versions.

    Machines boot in `reset`, not here. A machine, an agent or a model that fails raises a `ClaudeBoxError`: it is no
    reward.

    Args:
        task: Selector of one or more tasks: a suite (`"quickstart"`), one of its tasks (`"quickstart/fix-bug"`), a
            folder, or a list of these. With several, `reset` draws one by its seed, or takes `options={"task": ...}`.
        model: Upstream by name, or the fields of `ModelConfig`. Never a key: keys are read from the host's environment.
        agent: Agent by name, or the fields of `AgentConfig`.
        sandbox: Backend by name, or the fields of `SandboxConfig`.
        max_steps: Prompts after which the episode is truncated.
        skills: Names of what the agent is given beyond its tools (see `claudebox_rl.session.skills`).
        template: One that was built (`"web_dev"`), or an image; None: as `sandbox` says.
        security_policy: What each session may do: a preset's name, or the fields of `SecurityPolicy`; None: what
            the sandbox lets it.
        actor: Whether a Ray actor owns the session and its machine; else this process does.
        render_mode: `"ansi"` or None.

    Raises:
        ConfigError: An unknown name, field or value; the message lists the known ones.
        TaskError: An unknown task, or a malformed task folder.
        TemplateError: The template is unknown or not built on this machine.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012  # Gymnasium's own form

    def __init__(
        self,
        *,
        task: str | list[str] = "quickstart",
        model: Setting | ModelConfig = "oracle",
        agent: Setting | AgentConfig = "claude",
        sandbox: Setting | SandboxConfig = "auto",
        max_steps: int = 16,
        skills: Sequence[str] = (),
        template: str | None = None,
        security_policy: Setting | None = None,
        actor: bool = True,
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, "ansi"):
            raise ConfigError(f"render_mode must be 'ansi' or None, not {render_mode!r}")
        self.settings = make_settings(model, agent, sandbox, max_steps, skills, template, security_policy)
        self.tasks: dict[str, Task] = {task.task_id: task for task in find_tasks(task)}
        self.render_mode = render_mode
        self.observation_space = observation_space()
        self.action_space = UnicodeText(min_length=1)
        self._host = make_host("actor" if actor else "inline", self.settings)
        self._response = ""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Boot a fresh machine with a task in it.

        Args:
            seed: Seeds the draw of the task.
            options: `task`: the task to play, by id; `episode_id`: a name for the episode.

        Raises:
            ConfigError: An unknown option or task.
            SandboxStartError: The machine did not start.
            AgentError: The agent did not start.
        """
        super().reset(seed=seed)
        options = options or {}
        if unknown := options.keys() - {"task", "episode_id"}:
            raise ConfigError(f"unknown reset options: {', '.join(sorted(unknown))}; known: task, episode_id")
        task = self._pick(options.get("task"))
        observation, info = self._host.reset(task, options.get("episode_id") or f"episode-{uuid.uuid4().hex[:16]}")
        self._response = observation["response"]
        return observation, info

    def step(self, action: str) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Give the agent a prompt, or end the episode with `SUBMIT`.

        Raises:
            AgentError: The agent failed.
            GatewayError: The model endpoint failed for good.
            VerifierError: The verifier gave no verdict.
            SandboxUnavailableError: The machine died.
        """
        observation, reward, terminated, truncated, info = self._host.step(str(action))
        self._response = observation["response"]
        return observation, reward, terminated, truncated, info

    def render(self) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride]  # narrower than RenderFrame
        """Return the agent's last message in mode `ansi`."""
        return self._response if self.render_mode == "ansi" else None

    def close(self) -> None:
        """End the machine. Idempotent."""
        self._host.close()

    def _pick(self, task_id: str | None) -> Task:
        if task_id is None:
            return list(self.tasks.values())[int(self.np_random.integers(len(self.tasks)))]
        if task_id not in self.tasks:
            raise ConfigError(f"options['task']={task_id!r} is none of this environment's: {', '.join(self.tasks)}")
        return self.tasks[task_id]
