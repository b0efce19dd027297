"""From a folder in Harbor's layout (https://harborframework.com/docs/tasks, schema 1.x) to a checked `Task`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from claudebox_rl.tasks._claudebox import claudebox_fields
from claudebox_rl.tasks._environment import explicit_network, filled, memory_mib_of, network_of, workdir_of
from claudebox_rl.tasks._instruction import read_instruction
from claudebox_rl.tasks._steps import agent_timeout_s, read_checkpoints, read_strategy
from claudebox_rl.tasks._table import Table, refuse
from claudebox_rl.tasks._unread import unread_keys
from claudebox_rl.tasks._verifier import verifier_fields
from claudebox_rl.tasks.task import Task

_OF_MACHINES = {
    "gpus": "GPUs are not supported yet; set it to 0 where the task runs without",
    "tpu": "TPUs are not supported yet; remove it where the task runs without",
    "mcp_servers": "MCP servers of a task are not supported yet; remove them where the task can be done without",
    "skills_dir": "skills of a task are not supported yet; remove it, and give them to the session (docs/skills.md)",
    "healthcheck": "health checks are not supported yet; remove it where the machine is ready once it has started",
}
_UNSUPPORTED = {
    **{
        f"{table}.{key}": problem
        for table in ("environment", "verifier.environment")
        for key, problem in _OF_MACHINES.items()
    },
    "agent.user": "a user for the agent is not supported yet: everything runs as the sandbox's one user; remove it "
    "where the task can be done as that user",
}
"""Fields that would change what is played or judged. An empty or zero value asks for nothing and passes."""

_UNSUPPORTED_FILES = {
    "environment/docker-compose.yaml": "Docker Compose is not supported; give one image as environment.docker_image",
    "trajectory.json": "a prior trajectory is not supported yet",
}


def load_task(path: Path, task_id: str | None = None) -> Task:
    """Read and check one task folder.

    Unknown keys do nothing, as in Harbor, and are told (`Task.unread`); keys of Harbor that would change the task's
    meaning and are not supported are refused. Environment templates are resolved from the host's environment here.

    Args:
        path: The folder that holds task.toml.
        task_id: Its id; the folder's name by default.

    Raises:
        TaskError: The folder is malformed; `context` has `file` (relative to the folder), `field` (dotted, or None)
            and, for a syntax error, `line`.
    """
    folder = path.expanduser().resolve()
    config = Table.read(folder)
    _check_version(config)
    _check_supported(config)
    _check_files(folder)
    return _task(config, task_id or folder.name)


def _task(config: Table, task_id: str) -> Task:
    about, metadata, environment = config.table("task"), config.table("metadata"), config.table("environment")
    agent = config.table("agent")
    network, allowed_hosts = explicit_network(agent) or network_of(environment)
    checkpoints = read_checkpoints(config)
    return Task(
        task_id=task_id,
        path=config.folder,
        instruction=checkpoints[0].instruction if checkpoints else read_instruction(config.folder),
        image=filled(environment, "docker_image"),
        workdir=workdir_of(environment),
        agent_timeout_s=agent_timeout_s(config) or agent.positive("timeout_sec"),
        env=environment.environment("env"),
        solution_env=config.table("solution").environment("env"),
        cpus=environment.positive("cpus"),
        memory_mib=memory_mib_of(environment),
        network=network,
        allowed_hosts=allowed_hosts,
        name=about.text("name") or "",
        description=about.text("description") or "",
        keywords=about.texts("keywords") or (),
        metadata=metadata.values,
        unread=unread_keys(config.values),
        checkpoints=checkpoints,
        only_last_counts=read_strategy(config) == "final",
        **verifier_fields(config),
        **claudebox_fields(metadata.table("claudebox")),
    )


def _check_version(config: Table) -> None:
    key = "schema_version" if "schema_version" in config.values else "version"
    version = config.text(key)
    # Harbor takes any; tasks that call themselves 2.x have the same keys.
    if version is not None and not re.fullmatch(r"[12](\.\d+)*", version):
        config.refuse(key, f"is {version!r}; this version reads 1.x and 2.x: write '1.4' where the keys are Harbor's")


def _check_supported(config: Table) -> None:
    for name, problem in _UNSUPPORTED.items():
        section, _, key = name.rpartition(".")
        table = config
        for part in section.split(".") if section else ():
            table = table.table(part)
        if table.values.get(key):
            table.refuse(key, problem)
    for environment in (config.table("environment"), config.table("verifier").table("environment")):
        if (environment.text("os") or "linux").lower() != "linux":
            environment.refuse("os", "only linux is supported")


def _check_files(folder: Path) -> None:
    for file, problem in _UNSUPPORTED_FILES.items():
        if (folder / file).exists():
            refuse(folder, file, problem)
    if not (folder / "tests" / "test.sh").is_file() and not (folder / "steps").is_dir():
        refuse(folder, "tests/test.sh", "is missing: it judges the result and writes /logs/verifier/reward.txt")
    for path in (*_tree(folder / "tests"), *_tree(folder / "solution"), *_tree(folder / "steps")):
        relative = path.relative_to(folder).as_posix()
        if path.name == ".harborignore":
            refuse(folder, relative, "ignore files are not supported yet; remove it and what it hides")
        if not path.resolve().is_relative_to(folder):
            refuse(folder, relative, "is a link that leaves the task's folder")


def _tree(folder: Path) -> Iterator[Path]:
    yield folder
    yield from sorted(folder.rglob("*"))
