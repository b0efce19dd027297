"""Starting or joining a Ray cluster, with settings that suit machines which Ray does not know of."""

from __future__ import annotations

import logging
import os
import socket
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from claudebox_rl.config import RayConfig
from claudebox_rl.distributed.own_cluster import owned
from claudebox_rl.errors import ConfigError, boundary

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_memory_monitor_refresh_ms": "0",  # it would kill actors for memory that their machines use
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # else each worker resolves the environment anew under `uv run`
}
if "ray" not in sys.modules:
    # Ray reads this when it is imported; set later, only the cluster's processes would know, and refuse to start.
    os.environ.setdefault("RAY_AUTH_MODE", "token")

ray: Any = import_module("ray")
"""Ray, untyped for the most part; imported here and nowhere else, so that the line above comes first."""
ray_metrics: Any = import_module("ray.util.metrics")

log = logging.getLogger(__name__)

_STARTS = 2
_CONNECT_S = 5.0
_SECRET_ENDS = ("KEY", "TOKEN", "SECRET", "PASSWORD")


def ensure_ray(cluster: RayConfig | None = None) -> None:
    """Connect this process to Ray, once; a connection that exists is used as it is.

    Args:
        cluster: Which one; None: one on this machine, that ends with this process.

    Raises:
        ConfigError: The settings are wrong, or the cluster can't be started or reached.
    """
    if ray.is_initialized():
        return
    cluster = cluster or RayConfig()
    check_cluster(cluster)
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if cluster.address == "local":
        _start(cluster)
    else:
        _join(cluster)


def check_cluster(cluster: RayConfig) -> None:
    """Refuse settings that no cluster can be had with; connects to nothing.

    Raises:
        ConfigError: The address has no form that is known, or the runtime environment is none, or holds a key.
    """
    address = cluster.address
    if address.startswith("ray://"):
        raise ConfigError(
            f"ray.address={address}: Ray Client is not supported; run this on a machine of the cluster, with its "
            "HOST:PORT (as `ray start` prints it) or auto, or submit it as a job: `ray job submit`",
            field="address",
        )
    if address not in ("local", "auto") and not address.rpartition(":")[2].isdigit():
        raise ConfigError(f"ray.address must be local, auto or HOST:PORT, not {address!r}", field="address")
    with boundary(ConfigError, "ray.runtime_env", field="runtime_env"):
        import_module("ray.runtime_env").RuntimeEnv(**cluster.runtime_env)
    for name in cluster.runtime_env.get("env_vars", {}):
        if name.upper().endswith(_SECRET_ENDS):
            raise ConfigError(
                f"ray.runtime_env.env_vars.{name}: settings are stored in datasets and shown by Ray, so no key may be "
                "among them; export it where `ray start` is run, on each node",
                field="runtime_env",
            )


def _start(cluster: RayConfig) -> None:
    log.info("starting Ray on this machine (about ten seconds)")
    for attempt in range(1, _STARTS + 1):
        try:
            _start_local(cluster)
        except Exception as error:
            if attempt == _STARTS:
                raise ConfigError(
                    f"Ray did not start on this machine: {error}; try again, or play without it: rollout.num_workers=0 "
                    f"(actor=False for a single environment)"
                ) from error
            ray.shutdown()
        else:
            return


def _start_local(cluster: RayConfig) -> None:
    with owned():
        ray.init(
            address="local",
            num_cpus=os.cpu_count(),
            include_dashboard=False,
            object_store_memory=256 << 20,
            runtime_env=cluster.runtime_env,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    _protect_token()


def _join(cluster: RayConfig) -> None:
    address = cluster.address
    what = f"can't reach the Ray cluster at ray.address={address}"
    if address != "auto":
        _knock(address, what)
    try:
        ray.init(address=address, runtime_env=cluster.runtime_env, log_to_driver=False, logging_level=logging.ERROR)
    except (Exception, SystemExit) as error:  # with the latter Ray gives up on what listens but does not answer
        raise _unreachable(f"{what}: {error}", _fix(address, error)) from error


def _knock(address: str, what: str) -> None:
    """Find out in time that nothing is there: Ray would try for two minutes, and then end this process."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_S).close()
    except (OSError, OverflowError) as error:
        fix = f"start it with `ray start --head --port={port}` there, and open its ports to this machine"
        raise _unreachable(f"{what}: nothing answers there ({error})", fix) from error


def _unreachable(problem: str, fix: str) -> ConfigError:
    return ConfigError(f"{problem}; {fix}", field="address", problem=problem, fix=fix)


def _fix(address: str, error: BaseException) -> str:
    if "Version mismatch" in str(error):
        return "install the same versions of Ray and Python on every node and here"
    if address == "auto":
        return "`ray start --head`, or give HOST:PORT"
    if os.environ.get("RAY_AUTH_MODE") != "token":
        return "set RAY_AUTH_MODE=token before Ray is imported, if the cluster was started with it"
    return (
        "is it a Ray cluster, and its token this machine's? Copy ~/.ray/auth_token (RAY_AUTH_TOKEN_PATH) of the head "
        "to every node and here"
    )


def _protect_token() -> None:
    """Close the token to other users: Ray writes it readable for all."""
    token = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    if token.is_file() and token.stat().st_uid == os.getuid():
        token.chmod(0o600)
