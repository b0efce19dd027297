"""What RLlib's offline API makes of the export. Run by `make models`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported_episodes import INSTRUCTION, a_group, stored

from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.exports.rllib import EPISODES, export_rllib, load_spaces

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("ray.rllib")
    folder = tmp_path_factory.mktemp("rllib")
    records = [each for name in "abcdefgh" for each in a_group(name)]
    export_rllib(stored(folder / "data", records), folder / "out")
    return folder / "out"


def trained(algorithm: str, exported: Path, iterations: int) -> dict[str, Any]:
    argv = [
        sys.executable,
        str(Path(__file__).with_name("train_with_rllib.py")),
        algorithm,
        str(exported),
        str(iterations),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_rllib_reads_the_recorded_episodes(exported):
    import msgpack
    import msgpack_numpy
    import pyarrow.parquet as pq
    from ray.rllib.env.single_agent_episode import SingleAgentEpisode

    items = pq.read_table(exported / EPISODES)["item"].to_pylist()
    episodes = [SingleAgentEpisode.from_state(msgpack.unpackb(x, object_hook=msgpack_numpy.decode)) for x in items]
    assert len({episode.id_ for episode in episodes}) == len(episodes) == 24
    assert all(episode.is_terminated and len(episode) == 2 for episode in episodes)
    assert sorted({episode.get_return() for episode in episodes}) == [0.0, 0.6, 1.0]
    assert episodes[0].get_actions() == [0, 1]
    observations = np.stack(episodes[0].get_observations())
    assert observations.shape == (3, load_spaces(exported).num_features)


def test_bc_learns_to_act_as_recorded(exported):
    result = trained("BC", exported, 8)
    assert result["loss"][-1] < result["loss"][0] / 2
    assert result["chosen"] == [0, 1]
    assert load_spaces(exported).actions == (INSTRUCTION, "/submit")


def test_marwil_trains(exported):
    result = trained("MARWIL", exported, 3)
    assert np.isfinite(result["loss"]).all()


def half(observation: dict[str, Any]) -> np.ndarray:
    return np.full(4 if observation["response"] else 3, 0.5)


def three(observation: dict[str, Any]) -> np.ndarray:
    return np.full(3, float(len(observation["instruction"])))


def test_features_and_actions_are_replaceable(tmp_path):
    pytest.importorskip("msgpack_numpy")
    dataset = stored(tmp_path / "data", a_group())
    export_rllib(dataset, tmp_path / "own", features=f"{__name__}:three", actions=["no", "/submit", INSTRUCTION])
    spaces = load_spaces(tmp_path / "own")
    assert (spaces.num_features, spaces.action_space.n) == (3, 3)
    with pytest.raises(TrajectoryError, match="another seat"):
        export_rllib(dataset, tmp_path / "uneven", features=f"{__name__}:half")
    with pytest.raises(TrajectoryError, match="3 with an action that is not listed"):
        export_rllib(dataset, tmp_path / "none", actions=["/submit"])
    with pytest.raises(ConfigError, match="unknown features"):
        export_rllib(dataset, tmp_path / "unknown", features="nonsense")
