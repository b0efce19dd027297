"""Recorded episodes as RLlib's offline API reads them (`input_read_episodes=True`).

The file is what RLlib's own recorder writes: a column `item`, in which each row is an episode's state
(`SingleAgentEpisode.get_state()`) in msgpack, with arrays as msgpack-numpy has them. Ray is not needed to write it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from claudebox_rl._registry import resolve
from claudebox_rl.env.wrappers.features import FEATURES
from claudebox_rl.errors import ConfigError, TrajectoryError, boundary
from claudebox_rl.exports.folder import Exported, Row, library, new_folder, valid_records, write_parquet
from claudebox_rl.trajectory import Dataset, EpisodeRecord
from claudebox_rl.types import Step

EPISODES = "episodes.parquet"
SPACES = "spaces.json"
MAX_ACTIONS = 1000
Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RLlibSpaces:
    """What the numbers of an export mean."""

    num_features: int
    features: str
    """The name of the function that made them."""
    actions: tuple[str, ...]
    """The text of each action, as `DiscreteActions` takes them."""

    @property
    def observation_space(self) -> gym.spaces.Box:
        """That of `FeatureObservation`."""
        return gym.spaces.Box(-np.inf, np.inf, (self.num_features,), np.float32)

    @property
    def action_space(self) -> gym.spaces.Discrete:
        """That of `DiscreteActions`."""
        return gym.spaces.Discrete(len(self.actions))


def load_spaces(path: str | Path) -> RLlibSpaces:
    """Read what an export's numbers mean.

    Raises:
        TrajectoryError: There is no export at `path`.
    """
    with boundary(TrajectoryError, f"no export for RLlib at {path}"):
        told = json.loads((Path(path) / SPACES).read_text(encoding="utf-8"))
        return RLlibSpaces(told["num_features"], told["features"], tuple(told["actions"]))


def export_rllib(
    dataset: Dataset, path: str | Path, *, features: str = "hashed", actions: Sequence[str] | None = None
) -> Exported:
    """Write `episodes.parquet`, and in `spaces.json` what its numbers mean.

    An observation is a vector by `features`, as `FeatureObservation` makes of it in an environment. An action
    is its place in `actions`. The observation after the last step is not recorded: zeros stand for it, as RLlib's
    `ignore_final_observation` does. An episode that ended without a last step is marked as truncated.

    Args:
        dataset: Where from. It is read twice, unless `actions` are given.
        path: The folder to make.
        features: `hashed`, or `module:function`: from an observation to a vector of one size.
        actions: Texts of the actions; an episode that has another one is left out. None: all that the dataset has, in
            the order in which they first appear.

    Raises:
        ConfigError: The function of features is not found, or msgpack is not installed.
        TrajectoryError: More than 1000 different actions (a policy over them learns nothing: give `actions`, the
            few that matter), vectors of several sizes, the folder is there, there is nothing to write, or it can't be
            written.
    """
    encode = resolve("features", features, FEATURES)
    packb = _packer()
    with new_folder(path) as (folder, exported):
        table = {text: index for index, text in enumerate(actions if actions is not None else _distinct(dataset))}
        recorder = _Recorder(encode, table)
        arrow = library("pyarrow")
        schema = arrow.schema([("item", arrow.binary())])
        rows = ({"item": packb(state)} for state in recorder.states(dataset, exported))
        exported.num_rows = write_parquet(folder / EPISODES, rows, schema)
        told = {"num_features": recorder.size, "features": features, "actions": list(table)}
        (folder / SPACES).write_text(json.dumps(told, indent=1), encoding="utf-8")
    return exported


class _Recorder:
    """Makes states of episodes.

    Attributes:
        size: Of the vectors; 0 before the first.
    """

    def __init__(self, encode: Any, table: Mapping[str, int]) -> None:
        self._encode, self._table, self.size = encode, table, 0

    def states(self, dataset: Dataset, exported: Exported) -> Iterator[Row]:
        for record in valid_records(dataset, exported):
            if not record.steps:
                exported.left_out["without a step"] += 1
            elif any(step.action not in self._table for step in record.steps):
                exported.left_out["with an action that is not listed"] += 1
            else:
                exported.num_episodes += 1
                yield self._state(record)

    def _state(self, record: EpisodeRecord) -> Row:
        steps, last = record.steps, record.steps[-1]
        seen = [self._vector(step) for step in steps]
        return {
            "id_": record.episode.episode_id,
            "agent_id": None,
            "module_id": None,
            "multi_agent_episode_id": None,
            "observations": _buffer([*seen, np.zeros_like(seen[-1])]),
            "actions": _buffer([self._table[step.action] for step in steps]),
            "rewards": _buffer([float(step.reward) for step in steps]),
            "infos": _buffer([{} for _ in range(len(steps) + 1)]),
            "extra_model_outputs": None,
            "is_terminated": last.terminated,
            "is_truncated": last.truncated or not last.terminated,
            "t_started": 0,
            "t": len(steps),
            "_observation_space": None,
            "_action_space": None,
            "_start_time": None,
            "_last_step_time": None,
            "custom_data": {},
        }

    def _vector(self, step: Step) -> Vector:
        # Facts are stored as a list, and are an array in an environment.
        observed = {k: np.asarray(v, np.float64) if k == "facts" else v for k, v in step.observation.items()}
        with boundary(TrajectoryError, f"no features of step {step.step_index} of episode {step.episode_id!r}"):
            vector = np.asarray(self._encode(observed), dtype=np.float32)
        if vector.ndim != 1 or (self.size and vector.size != self.size):
            raise TrajectoryError(
                f"the features of step {step.step_index} of episode {step.episode_id!r} have shape {vector.shape}, not "
                f"({self.size},) as those before: was it played in another seat? Export each seat on its own",
                episode_id=step.episode_id,
            )
        self.size = vector.size
        return vector


def _buffer(data: list[Any]) -> Row:
    """Return the state of RLlib's `InfiniteLookbackBuffer`, of values that are not yet stacked."""
    return {"data": data, "lookback": 0, "finalized": False, "space": None}


def _distinct(dataset: Dataset) -> list[str]:
    known: dict[str, None] = {}
    for record in valid_records(dataset, Exported(Path())):
        known.update(dict.fromkeys(step.action for step in record.steps))
        if len(known) > MAX_ACTIONS:
            raise TrajectoryError(
                f"the dataset has more than {MAX_ACTIONS} different actions: give `actions`, the few to choose from"
            )
    return list(known)


def _packer() -> Any:
    try:
        msgpack, msgpack_numpy = library("msgpack"), library("msgpack_numpy")
    except ImportError as error:
        raise ConfigError("exporting to RLlib needs msgpack: pip install 'claudebox_rl[trainers]'") from error
    return partial(msgpack.packb, default=msgpack_numpy.encode)
