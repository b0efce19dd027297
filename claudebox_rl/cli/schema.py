"""The whole configuration of a rollout, as Hydra's schema and as plain values."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from claudebox_rl._resources import data_dir
from claudebox_rl.config import (
    AgentConfig,
    BudgetConfig,
    ModelConfig,
    PolicyConfig,
    RayConfig,
    RolloutConfig,
    SandboxConfig,
    SweepConfig,
)
from claudebox_rl.errors import ConfigError

_SWEEP = "use `claudebox-rl sweep` instead of `rollout`"
GROUPS = ("seat", "policy", "model", "agent", "sandbox")


@dataclass
class RolloutApp:
    """Everything that `claudebox-rl rollout` can be told; the fields' meaning stands in `configs/rollout.yaml`."""

    seat: str = "user"
    task: Any = "quickstart"
    reward: Any = None
    skills: list[str] = field(default_factory=list[str])
    template: str | None = None
    security_policy: Any = None
    max_steps: int | None = None
    keep_workspace: bool = True
    seed: int = 0
    run: str | None = None
    out: str | None = None
    policy: PolicyConfig = field(default_factory=PolicyConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    agent: AgentConfig = field(default_factory=AgentConfig)
    sandbox: SandboxConfig = field(default_factory=SandboxConfig)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    rollout: RolloutConfig = field(default_factory=RolloutConfig)
    ray: RayConfig = field(default_factory=RayConfig)


@dataclass
class SweepApp:
    """What only `claudebox-rl sweep` can be told, beside what a rollout can."""

    sweep: SweepConfig = field(default_factory=SweepConfig)


def load_config(overrides: list[str]) -> RolloutApp:
    """Compose the shipped configuration with a user's overrides.

    Args:
        overrides: As on the command line: `model=nop`, `rollout.num_workers=4`.

    Raises:
        ConfigError: An unknown key or group option (the message lists the known ones), or a value of a wrong type.
    """
    config = _compose("rollout", RolloutApp, overrides)
    assert isinstance(config, RolloutApp)
    return config


def load_sweep_config(overrides: list[str]) -> SweepConfig:
    """Compose the settings of a sweep itself with a user's overrides, all of which begin with `sweep.`.

    Raises:
        ConfigError: As `load_config`.
    """
    config = _compose("sweep", SweepApp, overrides)
    assert isinstance(config, SweepApp)
    return config.sweep


@contextmanager
def hydra_home() -> Generator[ConfigLoader]:
    """Have Hydra look into the shipped configuration.

    Raises:
        ConfigError: Hydra refuses what is done inside; the message is shortened and lists the known keys.
    """
    try:
        with initialize_config_dir(config_dir=str(data_dir("configs")), version_base="1.3"):
            yield GlobalHydra.instance().config_loader()
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(_explain(error)) from error


def _compose(name: str, schema: type[RolloutApp | SweepApp], overrides: list[str]) -> object:
    ConfigStore.instance().store(name=f"{name}_schema", node=schema)
    with hydra_home():
        return OmegaConf.to_object(compose(name, overrides=overrides))


def options(group: str) -> list[str]:
    """Return the shipped options of a config group."""
    return sorted(file.stem for file in (data_dir("configs") / group).glob("*.yaml"))


def _explain(error: Exception) -> str:
    """Shorten Hydra's message, and name the place and what could have been meant."""
    cause = error.__cause__ or error
    noise = ("Config search path", "provider=", "full_key", "object_type", "reference_type")
    lines = [line.strip() for line in str(cause).splitlines()]
    text = " ".join(line for line in lines if line and not line.startswith(noise))
    text = text.replace("add --multirun to your command line", _SWEEP).replace(
        "requires --multirun", f"is swept: {_SWEEP}"
    )
    where = getattr(cause, "full_key", None)
    owner = getattr(cause, "object_type", None)
    known = ", ".join(f.name for f in fields(owner if isinstance(owner, type) and is_dataclass(owner) else RolloutApp))
    return f"{f'{where}: ' if where else ''}{text}\nknown keys: {known}; see `claudebox-rl rollout --help`"


def dataset_folder(config: RolloutApp, run_id: str) -> str | Path:
    """Return the absolute folder that the rollout writes to, or its URI."""
    out = config.out or f"rollouts/{run_id}"
    return out if "://" in out else Path(out).expanduser().absolute()
