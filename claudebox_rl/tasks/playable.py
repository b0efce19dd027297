"""Whether a task can be played on a sandbox, asked before anything starts."""

from __future__ import annotations

import shlex
import shutil
from pathlib import PurePosixPath
from typing import NoReturn

from claudebox_rl.errors import TaskError
from claudebox_rl.tasks._table import CONFIG
from claudebox_rl.tasks.task import Task

_WORKSPACE = PurePosixPath("/workspace")


def check_playable(
    task: Task,
    sandbox_name: str,
    *,
    images: bool,
    networks: frozenset[str],
    users: bool = False,
    verifier_image: bool = True,
    layouts: bool = False,
    is_given: bool = False,
) -> None:
    """Refuse a task that the sandbox can't give what it needs.

    Args:
        task: The task.
        sandbox_name: Name of the backend, for the message.
        images: Whether the backend can boot the task's image.
        networks: Network modes that the backend has.
        users: Whether commands can run as any user.
        verifier_image: Whether it can boot the image of the verifier's own machine, where there is one.
        layouts: Whether it can boot an OCI layout folder.
        is_given: An image was given for this task by the settings.

    Raises:
        TaskError: An image, a build, a program, a folder, a user or the network is missing; the message says what
            would help.
    """
    if task.has_dockerfile and task.image is None and not is_given:
        _refuse_unbuilt(task, "environment", task.path.name)
    if task.separate is not None and task.separate.is_built and task.separate.image is None:
        _refuse_unbuilt(task, "tests", f"{task.path.name}.tests")
    if not images:
        _check_without_image(task, sandbox_name, layouts=layouts)
    if task.network != "none" and task.network not in networks:
        _refuse(
            task,
            f"it needs the network ({task.network}), which sandbox={sandbox_name} does not give; set it to "
            "'no-network' where the task runs without, or use sandbox=local or boxlite",
            field="environment.network_mode",
        )
    others = {task.verifier_user, *(command.user for command in task.collect)} - {None}
    if others and not users:
        problem = f"it runs commands as {', '.join(sorted(map(str, others)))}; sandbox={sandbox_name} has one user"
        _refuse(task, f"{problem}, sandbox=boxlite has any", field="verifier.user")
    if not verifier_image and task.host_tools is None:
        problem = (
            f"its verifier has an image of its own, and it declares no host_tools; sandbox={sandbox_name} has no images"
        )
        _refuse(task, f"{problem}, sandbox=boxlite has", field="verifier.environment.docker_image")
    _check_verifier_network(task, sandbox_name, networks)


def _check_verifier_network(task: Task, sandbox_name: str, networks: frozenset[str]) -> None:
    wanted = task.verifier_network or (task.separate.network if task.separate else None)
    if wanted not in (None, "none") and wanted not in networks:
        problem = f"its verifier needs the network ({wanted}), which sandbox={sandbox_name} does not give"
        _refuse(task, problem, field="verifier.network_mode")


def _refuse_unbuilt(task: Task, folder: str, name: str) -> NoReturn:
    """Say how an image that nobody built here is come by, and given."""
    field = "environment.docker_image" if folder == "environment" else "verifier.environment.docker_image"
    _refuse(
        task,
        "its image is not built here, which takes Docker. Build it once where there is one:\n"
        f"  docker build -t {name.lower()} {shlex.quote(str(task.path / folder))}\n"
        f"  skopeo copy docker-daemon:{name.lower()}:latest oci:IMAGES/{name}:latest\n"
        f"and give sandbox.task_images=IMAGES (`tasks check --task-images IMAGES`). "
        f"Or name a ready image as {field} in task.toml",
        file=f"{folder}/Dockerfile",
    )


def _check_without_image(task: Task, sandbox_name: str, *, layouts: bool) -> None:
    if task.image is not None and (task.host_tools is None or task.has_dockerfile):
        reason = "and its files come from its Dockerfile" if task.has_dockerfile else "and declares no host_tools"
        fix = f"sandbox={sandbox_name} has no images, sandbox=boxlite has"
        if layouts:
            fix = (
                f"sandbox={sandbox_name} takes OCI layout folders: `skopeo copy docker://{task.image} "
                f"oci:IMAGES/{task.path.name}:latest` fetches it once; then give sandbox.task_images=IMAGES "
                "(`tasks check --task-images IMAGES`), or use sandbox=boxlite, which fetches by itself"
            )
        _refuse(task, f"it needs the image {task.image} {reason}; {fix}", field="environment.docker_image")
    workdir = PurePosixPath(task.workdir or _WORKSPACE)
    if not workdir.is_relative_to(_WORKSPACE):
        problem = f"it works in {workdir}; sandbox={sandbox_name} only has {_WORKSPACE}, sandbox=boxlite takes any"
        _refuse(task, problem, field="environment.workdir")
    missing = [tool for tool in task.host_tools or () if shutil.which(tool) is None]
    if missing:
        elsewhere = ", or use sandbox=boxlite" if task.image is not None else ""
        problem = f"this host has no {', '.join(missing)}; install it{elsewhere}"
        _refuse(task, problem, field="metadata.claudebox.host_tools")


def _refuse(task: Task, problem: str, *, file: str = CONFIG, field: str | None = None) -> NoReturn:
    where = f" ({field})" if field else ""
    message = f"task {task.task_id} can't be played: {task.path / file}{where}: {problem}"
    raise TaskError(message, file=file, field=field, task_id=task.task_id)
