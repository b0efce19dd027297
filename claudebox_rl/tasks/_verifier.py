"""Typed reading of Harbor's fields on verification: [verifier] and the top level's `artifacts`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, cast

from claudebox_rl.tasks._environment import explicit_network, filled, memory_mib_of, network_of, workdir_of
from claudebox_rl.tasks._table import Table, refuse
from claudebox_rl.tasks.task import COLLECT_TIMEOUT_S, VERIFIER_TIMEOUT_S, Artifact, CollectCommand, SeparateMachine

_COMPOSE = "docker-compose.yaml"
_ARTIFACTS = PurePosixPath("/logs/artifacts")


def verifier_fields(config: Table) -> dict[str, Any]:
    """Check them and return the fields of `Task` that they give.

    Raises:
        TaskError: A value can't be, or asks for what is not supported.
    """
    environment, agent, verifier = config.table("environment"), config.table("agent"), config.table("verifier")
    separate = _separate(config, verifier, environment)
    network = explicit_network(verifier)
    if network is None and separate is None and explicit_network(agent) is not None:
        network = network_of(environment)
    return {
        "verifier_timeout_s": verifier.positive("timeout_sec") or VERIFIER_TIMEOUT_S,
        "verifier_env": verifier.environment("env"),
        "verifier_user": _user(verifier),
        "verifier_network": network[0] if network else None,
        "verifier_allowed_hosts": network[1] if network else (),
        "is_shared": verifier.text("environment_mode") == "shared",
        "separate": separate,
        "artifacts": tuple(_artifacts(config, workdir_of(environment) or "/workspace", always=separate is not None)),
        "collect": tuple(_collect(verifier)),
    }


def _separate(config: Table, verifier: Table, environment: Table) -> SeparateMachine | None:
    mode, has_own = verifier.text("environment_mode"), "environment" in verifier.values
    if mode not in (None, "shared", "separate"):
        verifier.refuse("environment_mode", f"must be shared or separate, not {mode!r}")
    if mode == "shared" and has_own:
        verifier.refuse("environment_mode", "can't be shared beside a [verifier.environment]")
    if mode != "separate" and not has_own:
        return None
    own = verifier.table("environment")
    image = filled(own, "docker_image")
    is_built = image is None and (config.folder / "tests" / "Dockerfile").is_file()
    if image is None and (config.folder / "tests" / _COMPOSE).is_file():
        problem = "Docker Compose is not supported; name one image as verifier.environment.docker_image"
        refuse(config.folder, f"tests/{_COMPOSE}", problem)
    described = own if has_own else environment
    network, hosts = network_of(described)
    return SeparateMachine(
        image=image,
        is_built=is_built,
        workdir=workdir_of(own if is_built else described),
        env=described.environment("env"),
        cpus=described.positive("cpus"),
        memory_mib=memory_mib_of(described),
        network=network,
        allowed_hosts=hosts,
    )


def _user(table: Table) -> str | None:
    value = table.values.get("user")
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    return filled(table, "user")


def _collect(verifier: Table) -> Iterator[CollectCommand]:
    for table in _tables(verifier, "collect"):
        _check_service(table)
        command = filled(table, "command")
        if command is None:
            table.refuse("command", "is missing")
        yield CollectCommand(command, table.positive("timeout_sec") or COLLECT_TIMEOUT_S, _user(table))


def _artifacts(config: Table, workdir: str, *, always: bool) -> Iterator[Artifact]:
    artifacts = [_artifact(table, workdir) for table in _tables(config, "artifacts", key="source")]
    if always and all(artifact.path != str(_ARTIFACTS) for artifact in artifacts):
        yield Artifact(str(_ARTIFACTS))
    yield from artifacts


def _artifact(table: Table, workdir: str) -> Artifact:
    _check_service(table)
    path = PurePosixPath(workdir, filled(table, "source") or table.refuse("source", "is missing"))
    if ".." in path.parts or path == PurePosixPath("/"):
        table.refuse("source", f"must be a file or a folder, without '..', not {str(path)!r}")
    return Artifact(str(path), table.texts("exclude") or ())


def _tables(config: Table, name: str, *, key: str = "") -> Iterator[Table]:
    """Yield the tables of a list; where there is a `key`, a string stands for a table that has it alone."""
    items: Any = config.values.get(name) or []
    if not isinstance(items, list):
        config.refuse(name, f"must be a list, not {items!r}")
    for number, item in enumerate(cast("list[Any]", items)):
        values = {key: item} if key and isinstance(item, str) else item
        if not isinstance(values, dict):
            config.refuse(name, f"must be a list of tables, not {item!r}")
        where = f"{config.name}.{name}" if config.name else name
        yield Table(config.folder, f"{where}[{number}]", cast("dict[str, Any]", values))


def _check_service(table: Table) -> None:
    service = table.text("service")
    if service not in (None, "main"):
        table.refuse("service", f"is {service!r}: services of Docker Compose are not supported")
