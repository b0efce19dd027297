"""The settings that a run is gone on with: those that it was last started with, and what is changed now."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from claudebox_rl.cli.schema import RolloutApp
from claudebox_rl.errors import ConfigError
from claudebox_rl.playing.run import RunRecord, stored_run


def resumed_config(dataset: str, overrides: list[str]) -> tuple[RolloutApp, list[str]]:
    """Return the settings of a dataset's run, and what its user had changed on the command line.

    Args:
        dataset: The dataset's folder or URI.
        overrides: What is to be changed now: `rollout.num_workers=4`; `run=exp1` chooses among several runs.

    Raises:
        ConfigError: There is no such run, it was not started by this command, or a setting is unknown or has a wrong
            type.
    """
    run_id = next((text.removeprefix("run=") for text in overrides if text.startswith("run=")), None)
    record = stored_run(dataset, run_id)
    try:
        stored = OmegaConf.merge(OmegaConf.structured(RolloutApp), record.settings)
    except OmegaConfBaseException as error:
        raise ConfigError(
            f"run {record.run_id!r} was not started by this command or version, but by claudebox_rl "
            f"{record.code_version}: start it again as it was started, with its id"
        ) from error
    try:
        changed = OmegaConf.merge(stored, OmegaConf.from_dotlist(overrides))
        config: Any = OmegaConf.to_object(OmegaConf.merge(changed, {"run": record.run_id, "out": dataset}))
    except OmegaConfBaseException as error:
        raise ConfigError(
            f"{str(error).splitlines()[0]}; beside --resume stand single settings, such as rollout.num_workers=4"
        ) from error
    assert isinstance(config, RolloutApp)
    return config, list(record.overrides)


def record_of(config: RolloutApp, run_id: str, dataset: str | Path, sandbox: str, overrides: list[str]) -> RunRecord:
    """Return what is stored of this start: its settings, with the sandbox that was chosen."""
    chosen = dataclasses.replace(
        config, run=run_id, out=str(dataset), sandbox=dataclasses.replace(config.sandbox, name=sandbox)
    )
    return RunRecord(run_id, dataclasses.asdict(chosen), tuple(overrides))
