"""What Minari itself reads of the export. Run by `make models`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from exported_episodes import INSTRUCTION, a_group, record, stored

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.exports.minari import export_minari
from claudebox_rl.types import Step

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def test_minari_opens_iterates_and_samples(tmp_path, monkeypatch):
    minari = pytest.importorskip("minari")
    strange = record("strange", 0.5, instruction="NUL\0, 👩‍🚀 and\nlines")
    exported = export_minari(stored(tmp_path / "data", [*a_group(), strange]), tmp_path / "fix-bug-v0")
    assert (exported.num_episodes, exported.num_rows) == (4, 8)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    dataset = minari.load_dataset("fix-bug-v0")
    assert (dataset.total_episodes, dataset.total_steps) == (4, 8)
    metadata = list(dataset.storage.get_episode_metadata(dataset.episode_indices))
    by_id = {facts["episode_id"]: episode for facts, episode in zip(metadata, dataset, strict=True)}
    good = by_id["g-good"]
    assert list(good.actions) == [INSTRUCTION, "/submit"]
    assert good.rewards.tolist() == [0.0, 1.0]
    assert (good.terminations.tolist(), good.truncations.tolist()) == ([False, True], [False, False])
    assert list(good.observations["instruction"]) == [INSTRUCTION, INSTRUCTION, ""]
    assert good.observations["facts"].tolist() == [[0, 0.5, 12], [1, 0.5, 12], [0, 0, 0]]
    assert by_id["strange"].actions[0] == "NUL\ufffd, 👩‍🚀 and\nlines"
    for episode in dataset.sample_episodes(3):
        assert all(action in dataset.action_space for action in episode.actions)
        names = dataset.observation_space.spaces
        first = {name: episode.observations[name][0] for name in names}
        assert {name: np.asarray(first[name]) if name == "facts" else first[name] for name in names} in (
            dataset.observation_space
        )
    assert len(dataset.filter_episodes(lambda episode: episode.rewards.sum() >= 0.6)) == 2


def test_episodes_of_two_seats_are_refused(tmp_path):
    pytest.importorskip("minari")
    other = record("other", 1.0)
    shell = Step("other", 0, {"stdout": "", "facts": [1.0]}, "ls", 1.0, {}, True, False)
    records = [record("one", 1.0), replace(other, steps=(shell,), model_calls=(), call_steps=())]
    with pytest.raises(TrajectoryError, match="another seat"):
        export_minari(stored(tmp_path / "data", records), tmp_path / "x-v0")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
