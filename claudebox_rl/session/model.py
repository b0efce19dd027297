"""From settings and a task to the model behind the gateway."""

from __future__ import annotations

from functools import partial

from claudebox_rl.config import ModelConfig
from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.gateway import Keys, LaneSettings, Prices, Rates, TaskFiles, Upstream, make_upstream
from claudebox_rl.tasks import Task
from claudebox_rl.trajectory import load_dataset
from claudebox_rl.types import ModelCall


def make_model(
    config: ModelConfig,
    task: Task | None,
    *,
    root: str,
    keys: Keys | None = None,
    episode_id: str = "",
    seed: int | None = None,
) -> Upstream:
    """Make the upstream that answers one episode's model calls; opens no connection.

    Args:
        config: The user's settings.
        task: Whose solution an upstream may play.
        root: The sandbox's path prefix.
        keys: What the session was given; None: those of the environment.
        episode_id: The episode; empty where it is only checked whether the model can be made.
        seed: Of the episode: what the model draws follows from it, where the upstream can be seeded.

    Raises:
        ConfigError: An unknown upstream or option, a number out of range, a missing key, or a task without a solution
            to play.
        TrajectoryError: The episode to replay can't be read.
    """
    lane_settings(config)
    model_prices(config)
    options = config.options if config.name is None else {**config.options, "model": config.name}
    known = TaskFiles(
        solution=task.solution_files() if task else {},
        num_checkpoints=max(1, len(task.checkpoints)) if task else 1,
        root=root,
        keys=keys or Keys(),
        episode_id=episode_id,
        seed=seed,
        recorded_calls=partial(_recorded_calls, task.task_id if task else None),
    )
    return make_upstream(config.upstream, options, known)


def _recorded_calls(task_id: str | None, dataset: str, episode: str | None) -> tuple[ModelCall, ...]:
    """Read the model calls of a stored episode; without its id, of the only one of the task."""
    stored = load_dataset(dataset)
    if episode is not None:
        return stored[episode].model_calls
    fits = [summary.episode_id for summary in stored.summaries() if summary.task_id == task_id]
    if len(fits) != 1:
        raise TrajectoryError(
            f"{dataset} holds {len(fits)} episodes of task {task_id}: name one, with the option episode",
            candidates=fits,
        )
    return stored[fits[0]].model_calls


def lane_settings(config: ModelConfig) -> LaneSettings:
    """Return how a model's server is used.

    Raises:
        ConfigError: A number is out of range.
    """
    for name, least in (("max_concurrent_calls", 1), ("max_retries", 0)):
        if getattr(config, name) < least:
            raise ConfigError(f"model.{name} must be at least {least}, not {getattr(config, name)}", field=name)
    return LaneSettings(max_concurrent=config.max_concurrent_calls, max_retries=config.max_retries)


def model_prices(config: ModelConfig) -> Prices:
    """Return what a model's tokens cost.

    Raises:
        ConfigError: A rate is unknown, missing or no number of at least 0.
    """
    return Prices(Rates.of(config.prices) if config.prices else None)
