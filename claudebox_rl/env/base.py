"""The environment: a coding task, a sandbox, and a policy in one of the seats around an agent."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import seeding

from claudebox_rl.config import AgentConfig, ModelConfig, SandboxConfig
from claudebox_rl.env.host import Host, make_host
from claudebox_rl.env.seats import seat_class
from claudebox_rl.env.seats.seat import Observation
from claudebox_rl.env.settings import Setting, make_settings
from claudebox_rl.env.start import EpisodeStart, ForkStart
from claudebox_rl.errors import ConfigError, TaskError
from claudebox_rl.session.budget import Budget
from claudebox_rl.tasks import Task, find_tasks

_OPTIONS = ("task", "episode_id", "prompt")


@dataclass(frozen=True, slots=True)
class Begun:
    """The episode that an environment is in."""

    observation: Observation
    """The last one."""
    info: dict[str, Any]
    """Of the reset; of a fork, what a reset would have told of it."""
    secrets: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """What its session knows and nobody may write down: value to kind."""


class ClaudeBoxEnv(gym.Env[Observation, Any]):
    """All four environments: they differ in the seat alone, which says what is seen and what can be done.

    - Observation and action: see the seat (`claudebox_rl.env.seats`).
    - Reward: 0 for a step; at the end, the verdict of the task's verifier on the final state.
    - Terminated: the work was handed in and judged. Truncated: a limit of steps, turns, time or dollars was reached;
      the state at that moment is judged as well.
    - `info` of a step: `episode_id`, `parent_episode_id` and `fork_step` (see `fork`), `result` (a `CodeResult` where a
      prompt came to its end, else None), `model_calls`, `verifier` (a `VerifierResult` at the end), `reward_terms`,
      `exhausted` (the limit of the budget that ends the episode, or None), and at the end `outcome`. Of a reset: the
      task, times and versions.

    Machines boot in `reset`, not here. A machine, an agent or a model that fails raises a `ClaudeBoxError`: it is no
    reward.

    Args:
        seat: What the policy plays: `user`, `model`, `tool` or `shell`.
        task: Selector of one or more tasks: a suite (`"quickstart"`), one of its tasks (`"quickstart/fix-bug"`), a
            folder, or a list of these. With several, `reset` draws one by its seed, or takes `options={"task": ...}`.
        model: Upstream by name, or the fields of `ModelConfig`; None: the seat's own. Never a key: keys are read from
            the host's environment.
        agent: Agent by name, or the fields of `AgentConfig`; None: the seat's own.
        sandbox: Backend by name, or the fields of `SandboxConfig`.
        max_steps: Steps after which the episode is truncated; None: the seat's own.
        skills: Names of what the agent is given beyond its tools (see `claudebox_rl.session.skills`).
        template: One that was built (`"web_dev"`), or an image; None: as `sandbox` says.
        security_policy: What each session may do: a preset's name, or the fields of `SecurityPolicy`; None: what
            the sandbox lets it.
        budget: What each episode may use of its model: the fields of `BudgetConfig`. One that it stops is truncated,
            and the limit's name is in `info["exhausted"]`.
        read_changes: Whether results say what prompts did to the files (`changes`), for rewards that judge it.
        keep_workspace: Whether the last step tells the final state of the workspace (`info["workspace"]`, a
            `WorkspaceState` against the task's files, or None), taken after the agent's end and before the verifier.
        actor: Whether a Ray actor owns the session and its machine; else this process does.
        render_mode: `"ansi"` or None.

    Raises:
        ConfigError: An unknown name, field or value; the message lists the known ones.
        TaskError: An unknown task, or a malformed task folder.
        TemplateError: The template is unknown or not built on this machine.

    Attributes:
        begun: The episode that was begun last, by a reset or a fork; None before the first one.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012  # Gymnasium's own form

    def __init__(
        self,
        *,
        seat: str = "user",
        task: str | list[str] = "quickstart",
        model: Setting | ModelConfig | None = None,
        agent: Setting | AgentConfig | None = None,
        sandbox: Setting | SandboxConfig = "auto",
        max_steps: int | None = None,
        skills: Sequence[str] = (),
        template: str | None = None,
        security_policy: Setting | None = None,
        budget: Budget = None,
        read_changes: bool = False,
        keep_workspace: bool = True,
        actor: bool = True,
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, "ansi"):
            raise ConfigError(f"render_mode must be 'ansi' or None, not {render_mode!r}")
        self.settings = make_settings(
            seat=seat,
            model=model,
            agent=agent,
            sandbox=sandbox,
            max_steps=max_steps,
            skills=skills,
            template=template,
            security_policy=security_policy,
            budget=budget,
            read_changes=read_changes,
            keep_workspace=keep_workspace,
        )
        self.tasks: dict[str, Task] = {task.task_id: task for task in find_tasks(task)}
        self.render_mode = render_mode
        self._seat = seat_class(seat)
        self._check_checkpoints()
        self.observation_space = self._seat.observation_space()
        self.action_space = self._seat.action_space()
        self._host = make_host("actor" if actor else "inline", self.settings)
        self.begun: Begun | None = None

    def _check_checkpoints(self) -> None:
        several = [task.task_id for task in self.tasks.values() if task.checkpoints]
        if several and not self._seat.has_checkpoints:
            raise TaskError(
                f"tasks of several steps ({', '.join(several[:3])}) are played in the user's seat alone "
                f"(ClaudeBox-v0, seat=user), not in that of {self._seat.name}",
                task_id=several[0],
            )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Boot a fresh machine with a task in it.

        Args:
            seed: Seeds the draw of the task, and what is drawn inside the episode.
            options: `task`: the task to play, by id; `episode_id`: a name for the episode; `prompt`: what the agent is
                sent instead of the task's instruction, in the seats that do not send prompts themselves.

        Raises:
            ConfigError: An unknown option or task.
            SandboxStartError: The machine did not start.
            AgentError: The agent did not start.
        """
        super().reset(seed=seed)
        observation, info = self._host.reset(self._start(options or {}))
        self.begun = Begun(observation, info, info.pop("secrets", {}))
        return observation, info

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Do what the policy chose, up to where it is asked again.

        Raises:
            ConfigError: The action is malformed; nothing was sent, and the episode goes on.
            AgentError: The agent failed.
            GatewayError: The model endpoint failed for good.
            VerifierError: The verifier gave no verdict.
            SandboxUnavailableError: The machine died.
        """
        observation, reward, terminated, truncated, info = self._host.step(self.check_action(action))
        if self.begun is not None:
            self.begun = replace(self.begun, observation=observation)
        return observation, reward, terminated, truncated, info

    @property
    def can_fork(self) -> bool:
        """Whether nothing is at work between two steps, so that `fork` can be asked for."""
        return self._seat.can_fork

    def check_action(self, action: Any) -> Any:
        """Return an action as the seat takes it, without doing it.

        Raises:
            ConfigError: It is malformed.
        """
        return self._seat.check_action(action)

    def fork(
        self, n: int = 1, *, episode_ids: Sequence[str] | None = None, seeds: Sequence[int] | None = None
    ) -> list[ClaudeBoxEnv]:
        """Return `n` environments that go on from here, each on a machine of its own; at a step boundary.

        They have the same files, and the agent its conversation; processes that commands left in the background are not
        there. Each episode has its own id, and in `info` names its parent (`parent_episode_id`) and the parent's next
        step (`fork_step`); before this one's first step they are its siblings instead, and have the parent that it has.
        The caller closes them. This one goes on as well. `claudebox_rl.fork_env` takes wrappers along.

        Args:
            n: How many, at least 1.
            episode_ids: Names for the episodes; None: new ones.
            seeds: What each draws from now on follows from its own, as from the seed of a `reset`; None: from this
                environment's.

        Raises:
            ConfigError: The seat's agent is at work between steps (the model's, the supervisor's); or `n` is less than
                1, or there are not as many ids or seeds.
            ClaudeBoxError: There is no episode.
            SandboxStartError: A machine did not start; none is left.
            SandboxUnavailableError: The machine died.
        """
        if n < 1:
            raise ConfigError(f"fork: n={n} must be at least 1")
        ids = [_new_id() for _ in range(n)] if episode_ids is None else episode_ids
        draws = self.np_random.spawn(n) if seeds is None else [seeding.np_random(seed)[0] for seed in seeds]
        if {len(ids), len(draws)} != {n}:
            raise ConfigError(f"fork: n={n}, but there are {len(ids)} episode_ids and {len(draws)} seeds")
        own = [None] * n if seeds is None else [_draw_seed(each) for each in draws]
        forks = self._host.fork([ForkStart(*start) for start in zip(ids, own, strict=True)])
        return [self._heir(*fork, each) for fork, each in zip(forks, draws, strict=True)]

    def render(self) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride]  # narrower than RenderFrame
        """Return what the policy was shown last, as text, in mode `ansi`."""
        if self.render_mode != "ansi":
            return None
        return self._seat.shown(self.begun.observation) if self.begun else ""

    def close(self) -> None:
        """End the machine. Idempotent."""
        self._host.close()

    def _start(self, options: dict[str, Any]) -> EpisodeStart:
        if unknown := options.keys() - set(_OPTIONS):
            raise ConfigError(f"unknown reset options: {', '.join(sorted(unknown))}; known: {', '.join(_OPTIONS)}")
        task = self._pick(options.get("task"))
        seed = _draw_seed(self.np_random)
        return EpisodeStart(task, options.get("episode_id") or _new_id(), seed, options.get("prompt"))

    def _heir(self, host: Host, info: dict[str, Any], draws: np.random.Generator) -> ClaudeBoxEnv:
        heir = copy.copy(self)
        heir._host, heir.np_random = host, draws
        secrets = info.pop("secrets", {})
        heir.begun = self.begun and replace(self.begun, info=info, secrets=secrets)
        heir.observation_space, heir.action_space = self._seat.observation_space(), self._seat.action_space()
        return heir

    def _pick(self, task_id: str | None) -> Task:
        if task_id is None:
            return list(self.tasks.values())[int(self.np_random.integers(len(self.tasks)))]
        if task_id not in self.tasks:
            raise ConfigError(f"options['task']={task_id!r} is none of this environment's: {', '.join(self.tasks)}")
        return self.tasks[task_id]


def _draw_seed(draws: np.random.Generator) -> int:
    """Draw what an episode's own draws follow from."""
    return int(draws.integers(1 << 62))


def _new_id() -> str:
    return f"episode-{uuid.uuid4().hex[:16]}"
