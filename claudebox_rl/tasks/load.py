"""From a folder in Harbor's layout (https://harborframework.com/docs/tasks, schema 1.x) to a checked `Task`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from claudebox_rl.tasks._claudebox import claudebox_fields
from claudebox_rl.tasks._table import Table, refuse
from claudebox_rl.tasks.task import VERIFIER_TIMEOUT_S, Network, Task

_CANARY = re.compile(r"(<!--.*canary.*-->|#.*canary.*)", re.IGNORECASE)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([GMK])", re.IGNORECASE)
_MIB = {"G": 1024.0, "M": 1.0, "K": 1 / 1024}
_NETWORKS: dict[str, Network] = {"no-network": "none", "allowlist": "restricted", "public": "full"}

_UNSUPPORTED = {
    "steps": "tasks of several steps are not supported yet",
    "environment.gpus": "GPUs are not supported yet",
    "environment.tpu": "TPUs are not supported yet",
    "environment.mcp_servers": "MCP servers of a task are not supported yet",
    "environment.skills_dir": "skills of a task are not supported yet",
    "environment.healthcheck": "health checks are not supported yet",
    "agent.user": "a user for the agent is not supported yet: everything runs as the sandbox's one user",
    "verifier.user": "a user for the verifier is not supported yet: everything runs as the sandbox's one user",
    "verifier.environment": "a separate machine for the verifier is not supported yet",
    "verifier.collect": "collect commands are not supported yet",
}
"""Fields that would change what is played or judged. An empty or zero value asks for nothing and passes."""

_UNSUPPORTED_FILES = {
    "environment/docker-compose.yaml": "Docker Compose is not supported; give one image as environment.docker_image",
    "trajectory.json": "a prior trajectory is not supported yet",
}


def load_task(path: Path, task_id: str | None = None) -> Task:
    """Read and check one task folder.

    Unknown keys are ignored, as Harbor does; keys of Harbor that would change the task's meaning and are not
    supported are refused. Environment templates are resolved from the host's environment here.

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
    agent, verifier = config.table("agent"), config.table("verifier")
    network, allowed_hosts = _network(environment, (agent, verifier))
    return Task(
        task_id=task_id,
        path=config.folder,
        instruction=_instruction(config.folder),
        image=_filled(environment, "docker_image"),
        workdir=_workdir(environment),
        agent_timeout_s=agent.positive("timeout_sec"),
        verifier_timeout_s=verifier.positive("timeout_sec") or VERIFIER_TIMEOUT_S,
        env=environment.environment("env"),
        verifier_env=verifier.environment("env"),
        solution_env=config.table("solution").environment("env"),
        cpus=environment.positive("cpus"),
        memory_mib=_memory_mib(environment),
        network=network,
        allowed_hosts=allowed_hosts,
        name=about.text("name") or "",
        description=about.text("description") or "",
        keywords=about.texts("keywords") or (),
        metadata=metadata.values,
        **claudebox_fields(metadata.table("claudebox")),
    )


def _check_version(config: Table) -> None:
    key = "schema_version" if "schema_version" in config.values else "version"
    version = config.text(key)
    if version is not None and not re.fullmatch(r"1(\.\d+)*", version):
        config.refuse(key, f"is {version!r}; this version reads 1.x")


def _check_supported(config: Table) -> None:
    for name, problem in _UNSUPPORTED.items():
        section, _, key = name.rpartition(".")
        table = config.table(section) if section else config
        if table.values.get(key):
            table.refuse(key, problem)
    environment, verifier = config.table("environment"), config.table("verifier")
    if (environment.text("os") or "linux").lower() != "linux":
        environment.refuse("os", "only linux is supported")
    if (verifier.text("environment_mode") or "shared") != "shared":
        verifier.refuse("environment_mode", "only shared is supported: the verifier runs in the agent's sandbox")


def _check_files(folder: Path) -> None:
    for file, problem in _UNSUPPORTED_FILES.items():
        if (folder / file).exists():
            refuse(folder, file, problem)
    if not (folder / "tests" / "test.sh").is_file():
        refuse(folder, "tests/test.sh", "is missing: it judges the result and writes /logs/verifier/reward.txt")
    for path in (*_tree(folder / "tests"), *_tree(folder / "solution")):
        relative = path.relative_to(folder).as_posix()
        if path.name == ".harborignore":
            refuse(folder, relative, "ignore files are not supported yet; remove it and what it hides")
        if not path.resolve().is_relative_to(folder):
            refuse(folder, relative, "is a link that leaves the task's folder")


def _tree(folder: Path) -> Iterator[Path]:
    yield folder
    yield from sorted(folder.rglob("*"))


def _instruction(folder: Path) -> str:
    try:
        lines = (folder / "instruction.md").read_text("utf-8").split("\n")
    except UnicodeDecodeError as error:
        refuse(folder, "instruction.md", f"not UTF-8: {error}")
    except OSError as error:
        refuse(folder, "instruction.md", f"can't be read: {error.strerror}")
    start = next((i for i, line in enumerate(lines) if not _CANARY.fullmatch(line.strip())), len(lines))
    instruction = "\n".join(lines[start:]).strip("\n")
    if not instruction.strip():
        refuse(folder, "instruction.md", "is empty: it is what the agent is asked to do")
    return instruction


def _filled(table: Table, key: str) -> str | None:
    value = table.text(key)
    if value is not None and not value.strip():
        table.refuse(key, "is empty; leave it out instead")
    return value


def _workdir(environment: Table) -> str | None:
    workdir = environment.text("workdir")
    if workdir is not None and (not workdir.startswith("/") or ".." in PurePosixPath(workdir).parts):
        environment.refuse("workdir", f"must be an absolute path without '..', not {workdir!r}")
    return workdir


def _memory_mib(environment: Table) -> int | None:
    amount = environment.positive_integer("memory_mb")
    legacy = environment.text("memory")
    if legacy is None:
        return amount
    size = _SIZE.fullmatch(legacy.strip())
    mib = int(float(size[1]) * _MIB[size[2].upper()]) if size else 0
    if mib <= 0:
        environment.refuse("memory", f"must be a size like '512M' or '2G', not {legacy!r}")
    if amount not in (None, mib):
        environment.refuse("memory", f"says {mib} MiB, memory_mb says {amount}")
    return mib


def _network(environment: Table, phases: tuple[Table, ...]) -> tuple[Network, tuple[str, ...]]:
    network, hosts = _network_policy(environment)
    if network is None:
        network = "none" if environment.flag("allow_internet") is False else "full"
    for phase in phases:
        if _network_policy(phase) not in ((None, ()), (network, hosts)):
            phase.refuse("network_mode", "must be that of [environment]: a change between phases is not supported yet")
    return network, hosts


def _network_policy(table: Table) -> tuple[Network | None, tuple[str, ...]]:
    mode, hosts = table.text("network_mode"), table.texts("allowed_hosts") or ()
    if mode is not None and mode not in _NETWORKS:
        table.refuse("network_mode", f"must be one of {', '.join(_NETWORKS)}, not {mode!r}")
    if hosts and mode != "allowlist":
        table.refuse("allowed_hosts", "needs network_mode = 'allowlist'")
    for host in hosts:
        if "/" in host:
            table.refuse("allowed_hosts", f"has names and single addresses here, not {host!r}")
    return None if mode is None else _NETWORKS[mode], hosts
