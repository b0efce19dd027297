"""Starting or joining a Ray cluster, with settings that suit machines which Ray does not know of."""

from __future__ import annotations

import logging
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

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

log = logging.getLogger(__name__)

_STARTS = 2


def ensure_ray(address: str = "local") -> None:
    """Connect this process to Ray, once; a connection that exists is used as it is.

    Args:
        address: `local` starts a cluster on this machine that ends with this process; else that of a running one.

    Raises:
        ConfigError: The cluster can't be started or reached.
    """
    if ray.is_initialized():
        return
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if address != "local":
        with boundary(ConfigError, f"can't reach the Ray cluster at ray.address={address}"):
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        return
    log.info("starting Ray on this machine (about ten seconds)")
    for attempt in range(1, _STARTS + 1):
        try:
            _start_local()
        except Exception as error:
            if attempt == _STARTS:
                raise ConfigError(
                    f"Ray did not start on this machine: {error}; try again, or play without it: rollout.num_workers=0 "
                    f"(actor=False for a single environment)"
                ) from error
            ray.shutdown()
        else:
            return


def _start_local() -> None:
    ray.init(
        address="local",
        num_cpus=os.cpu_count(),
        include_dashboard=False,
        object_store_memory=256 << 20,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    _protect_token()


def _protect_token() -> None:
    """Close the token to other users: Ray writes it readable for all."""
    token = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    if token.is_file() and token.stat().st_uid == os.getuid():
        token.chmod(0o600)
