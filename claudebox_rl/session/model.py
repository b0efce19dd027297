"""From settings and a task to the model behind the gateway."""

from __future__ import annotations

from claudebox_rl.config import ModelConfig
from claudebox_rl.gateway import Keys, TaskFiles, Upstream, make_upstream
from claudebox_rl.tasks import Task


def make_model(config: ModelConfig, task: Task | None, *, root: str, keys: Keys | None = None) -> Upstream:
    """Make the upstream that answers one episode's model calls; opens no connection.

    Args:
        config: The user's settings.
        task: Whose solution an upstream may play.
        root: The sandbox's path prefix.
        keys: What the session was given; None: those of the environment.

    Raises:
        ConfigError: An unknown upstream or option, a missing key, or a task without a solution to play.
    """
    options = config.options if config.name is None else {**config.options, "model": config.name}
    return make_upstream(
        config.upstream, options, TaskFiles(task.solution_files() if task else {}, root, keys or Keys())
    )
