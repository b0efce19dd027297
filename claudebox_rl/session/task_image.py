"""From settings and a task to the image that the task is played in, and where in it the task works."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox.image import is_complete, workdir_of_image
from claudebox_rl.tasks import Task

TESTS_SUFFIX = ".tests"


def with_task_image(config: SandboxConfig, task: Task | None) -> tuple[SandboxConfig, Task | None]:
    """Return settings that name the task's image, and the task as it stands in that image.

    The image is `config.image`, or the layout in `config.task_images` that is called as the task's folder, or the
    task's own. A task with an image of its own works where that image's commands start, unless it says where itself.

    Args:
        config: The user's settings.
        task: The session's; None: nothing changes but that `task_images` has no meaning.

    Raises:
        ConfigError: `task_images` is no folder, or stands beside `image` or `template`.
        SandboxStartError: A layout is incomplete or damaged.
    """
    folder = _folder(config)
    config = replace(config, task_images=None)
    if task is None:
        return config, None
    if folder is not None and is_complete(folder / task.path.name):
        config = replace(config, image=str(folder / task.path.name))
    if folder is not None and task.separate is not None and task.separate.is_built:
        layout = folder / f"{task.path.name}{TESTS_SUFFIX}"
        if is_complete(layout):
            workdir = task.separate.workdir or workdir_of_image(str(layout))
            task = replace(task, separate=replace(task.separate, image=str(layout), workdir=workdir))
    if task.workdir is None and (task.has_dockerfile or task.image is not None):
        image = config.image or (task.image if config.template is None else None)
        task = replace(task, workdir=workdir_of_image(image) if image is not None else None)
    return config, task


def _folder(config: SandboxConfig) -> Path | None:
    if config.task_images is None:
        return None
    if config.image is not None or config.template is not None:
        raise ConfigError(
            "give sandbox.task_images, or one image (sandbox.image, a template) for all tasks: not both",
            field="task_images",
        )
    folder = Path(config.task_images).expanduser().absolute()
    if not folder.is_dir():
        raise ConfigError(f"sandbox.task_images={config.task_images} is no folder", field="task_images")
    return folder
