"""A dataset of Minari: what policies saw and did in the seat that they had."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.exports.folder import Exported, library, new_folder, valid_records
from claudebox_rl.trajectory import Dataset, EpisodeRecord
from claudebox_rl.types import Step

_ID = re.compile(r"[-_\w]+-v\d+")
_FACTS = "facts"
_NO_NUL = str.maketrans("\0", "\N{REPLACEMENT CHARACTER}")  # HDF5 ends a text at a NUL


@dataclass(slots=True)
class _Spaces:
    """What observations and actions have in them, as far as they were seen."""

    lengths: dict[str, int] = field(default_factory=dict[str, int])
    num_facts: int = 0
    action_length: int = 1
    characters: set[str] = field(default_factory=set[str])

    def see(self, step: Step) -> None:
        values = _observation(step.observation)
        names, facts = set(values) - {_FACTS}, len(values.get(_FACTS, ()))
        if self.lengths and (names != set(self.lengths) or facts != self.num_facts):
            raise TrajectoryError(
                f"episode {step.episode_id!r} was played in another seat than those before it: a dataset of Minari has "
                "one space of observations; export each seat on its own",
                episode_id=step.episode_id,
            )
        self.num_facts = facts
        for name in names:
            self.lengths[name] = max(self.lengths.get(name, 1), len(values[name]))
            self.characters.update(values[name])
        self.action_length = max(self.action_length, len(step.action))
        self.characters.update(_text(step.action))

    def observation_space(self) -> gym.spaces.Dict:
        texts = {name: self._text(length) for name, length in sorted(self.lengths.items())}
        facts = gym.spaces.Box(-np.inf, np.inf, (self.num_facts,), np.float64)
        return gym.spaces.Dict({**texts, **({_FACTS: facts} if self.num_facts else {})})

    def action_space(self) -> gym.spaces.Text:
        return self._text(self.action_length)

    def _text(self, max_length: int) -> gym.spaces.Text:
        return gym.spaces.Text(max_length, min_length=0, charset="".join(sorted(self.characters)))


def export_minari(dataset: Dataset, path: str | Path) -> Exported:
    """Write a dataset that `minari.load_dataset(name)` opens where `MINARI_DATASETS_PATH` is the folder's parent.

    Observations are a `Dict` of `Text`s, and of `facts` as a `Box`; actions are `Text`. The spaces are as large as what
    is in the dataset: Minari keeps a text's characters and length, and knows no `UnicodeText`. JSON values are JSON
    text, and a NUL, which HDF5 can't hold, is U+FFFD. An episode has one observation more than steps, which is not
    recorded: it is empty texts and zeros. An episode that ended without a last step is marked as truncated. Its
    metadata hold `episode_id`, `task_id`, `group_id`, `outcome` and `episode_return`.

    Args:
        dataset: Where from. It is read twice.
        path: The folder to make, whose name is the dataset's id in Minari: `fix-bug-v0`.

    Raises:
        ConfigError: The name is no such id, or Minari is not installed.
        TrajectoryError: Episodes of several seats, the folder is there, there is nothing to write, or it can't be
            written.
    """
    name = Path(path).name
    if not _ID.fullmatch(name):
        raise ConfigError(f"{name!r} is no id of Minari: the folder's name must be as in fix-bug-v0")
    try:
        minari = library("minari")
        storage = library("minari.dataset.minari_storage")
        buffer = library("minari.data_collector")
    except ImportError as error:
        raise ConfigError("exporting to Minari needs it: pip install 'claudebox_rl[trainers]'") from error
    with new_folder(path) as (folder, exported):
        _write(dataset, folder / "data", name, exported, minari, buffer.EpisodeBuffer, storage.MinariStorage)
    return exported


def _write(dataset: Dataset, folder: Path, name: str, exported: Exported, minari: Any, buffer: Any, store: Any) -> None:
    spaces = _Spaces()
    for record in valid_records(dataset, Exported(folder)):
        for step in record.steps:
            spaces.see(step)
    if not spaces.lengths and not spaces.num_facts:
        return
    storage = store.new(
        folder, observation_space=spaces.observation_space(), action_space=spaces.action_space(), data_format="hdf5"
    )
    storage.update_metadata(
        {"dataset_id": name, "minari_version": minari.__version__, "algorithm_name": "claudebox_rl"}
    )
    for record in _played(dataset, exported):
        storage.update_episodes([_buffer(record, buffer)])
        storage.update_episode_metadata([_facts_of(record)], [exported.num_episodes])
        exported.num_episodes += 1
        exported.num_rows += len(record.steps)


def _played(dataset: Dataset, exported: Exported) -> Iterator[EpisodeRecord]:
    for record in valid_records(dataset, exported):
        if record.steps:
            yield record
        else:
            exported.left_out["without a step"] += 1


def _buffer(record: EpisodeRecord, buffer: Any) -> Any:
    steps = record.steps
    seen = [_observation(step.observation) for step in steps]
    last = {name: np.zeros_like(value) if name == _FACTS else "" for name, value in seen[-1].items()}
    terminated = [step.terminated for step in steps]
    truncated = [step.truncated for step in steps]
    truncated[-1] = truncated[-1] or not terminated[-1]
    return buffer(
        seed=record.episode.seed,
        observations={name: _column(each[name] for each in [*seen, last]) for name in seen[0]},
        actions=[_text(step.action) for step in steps],
        rewards=[step.reward for step in steps],
        terminations=terminated,
        truncations=truncated,
    )


def _column(values: Iterable[Any]) -> Any:
    column = list(values)
    return column if isinstance(column[0], str) else np.stack(column)


def _facts_of(record: EpisodeRecord) -> dict[str, Any]:
    episode = record.episode
    return {
        "episode_id": episode.episode_id,
        "task_id": episode.task_id,
        "group_id": episode.group_id or "",
        "outcome": str(episode.outcome),
        "episode_return": float("nan") if episode.episode_return is None else episode.episode_return,
    }


def _observation(observation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: np.asarray(value, dtype=np.float64) if name == _FACTS else _text(value)
        for name, value in observation.items()
    }


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.translate(_NO_NUL)
