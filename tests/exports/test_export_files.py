"""What the exports write, read with pyarrow alone; that the trainers take it is proved by `make models`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from exported_episodes import INSTRUCTION, a_group, record, stored

from claudebox_rl.cli.main import main
from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.exports import FORMATS, trl, verl
from claudebox_rl.exports.minari import export_minari
from claudebox_rl.types import Outcome


def rows_of(folder: Path) -> list[dict]:
    return pq.read_table(folder / "train.parquet").to_pylist()


def spoken(messages: list) -> list[str]:
    return [(message if isinstance(message, dict) else json.loads(message))["content"] for message in messages]


def test_sft_leaves_out_what_is_not_valid_and_what_earned_too_little(tmp_path):
    exported = trl.export_sft(stored(tmp_path / "data", a_group()), tmp_path / "out", min_return=0.5)
    assert {row["episode_id"]: row["episode_return"] for row in rows_of(tmp_path / "out")} == {
        "g-good": 1.0,
        "g-fair": 0.6,
    }
    assert exported.left_out == {"not valid for training": 1, "with a return below 0.5": 1}
    assert str(exported).endswith("2 rows of 2 episodes; left out: 1 not valid for training, 1 with a return below 0.5")


def test_preference_holds_the_best_against_the_worst_and_leaves_ties_out(tmp_path):
    tie = [record("t1", 1.0, group_id="tie"), record("t2", 1.0, group_id="tie")]
    other = [
        record("o1", 1.0, group_id="other", instruction="Something."),
        record("o2", 0.0, group_id="other", instruction="Something else."),
    ]
    exported = trl.export_preference(stored(tmp_path / "data", [*a_group(), *tie, *other]), tmp_path / "out")
    (row,) = rows_of(tmp_path / "out")
    assert (row["chosen_episode_id"], row["rejected_episode_id"]) == ("g-good", "g-bad")
    assert (row["chosen_return"], row["rejected_return"], row["group_id"]) == (1.0, 0.0, "g")
    assert spoken(row["prompt"])[-1] == INSTRUCTION
    assert spoken(row["chosen"])[-1] == "Done with sed -i s/a/b/ f."
    assert spoken(row["rejected"])[-1] == "Done with rm -rf .."
    assert exported.left_out["groups without a better and a worse episode"] == 1
    assert exported.left_out["groups whose conversations begin differently"] == 1


def test_unpaired_has_a_label_by_the_threshold(tmp_path):
    dataset = stored(tmp_path / "data", a_group())
    trl.export_unpaired(dataset, tmp_path / "out", threshold=0.6)
    labels = {row["episode_id"]: row["label"] for row in rows_of(tmp_path / "out")}
    assert labels == {"g-bad": False, "g-good": True, "g-fair": True}


def test_verl_prompts_hold_each_task_once(tmp_path):
    others = [record("o", 0.0, task_id="quickstart/other", instruction="Other.")]
    verl.export_prompts(stored(tmp_path / "data", [*a_group(), *others]), tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    assert [row["prompt"] for row in rows] == [
        [{"role": "user", "content": INSTRUCTION}],
        [{"role": "user", "content": "Other."}],
    ]
    assert [row["extra_info"]["index"] for row in rows] == [0, 1]
    assert rows[1]["reward_model"] == {"style": "rule", "ground_truth": "quickstart/other"}


def test_verl_tokens_are_the_captured_ones(tmp_path):
    verl.export_tokens(stored(tmp_path / "data", a_group()), tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    assert {row["extra_info"]["episode_id"]: row["reward_score"] for row in rows} == {
        "g-bad": 0.0,
        "g-good": 1.0,
        "g-fair": 0.6,
    }
    assert {row["uid"] for row in rows} == {"g"}
    assert rows[0]["prompt_ids"] == [1, 2, 3]
    assert rows[0]["response_ids"] == [4, 5, 6, 7]
    assert rows[0]["response_mask"] == [1, 1, 0, 1]
    assert rows[0]["response_logprobs"] == [-2.0, -2.5, 0.0, -3.5]
    assert rows[0]["extra_info"]["weight_versions"] == ["w1"]


def test_verl_tokens_are_refused_where_an_answer_has_no_ids(tmp_path):
    dataset = stored(tmp_path / "data", [record("a", 1.0), record("b", 1.0, has_ids=False)])
    with pytest.raises(TrajectoryError, match=r"'b' has no rows of tokens.* b-1, b-2"):
        verl.export_tokens(dataset, tmp_path / "out")
    assert list(tmp_path.iterdir()) == [tmp_path / "data"]


@pytest.mark.parametrize("name", [name for name in FORMATS if name.startswith(("trl", "verl"))])
def test_nothing_is_written_where_there_is_nothing_or_something_already(tmp_path, name, capsys):
    stored(tmp_path / "data", [record("a", None, outcome=Outcome.CANCELLED)])
    argv = ["export", str(tmp_path / "data"), "--format", name, "-o"]
    assert main([*argv, str(tmp_path / "out")]) == 2
    assert "nothing was exported" in capsys.readouterr().err
    assert main([*argv, str(tmp_path / "data")]) == 2
    assert "is there already" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [tmp_path / "data"]


def test_the_command_says_what_it_wrote_and_refuses_options_of_others(tmp_path, capsys):
    stored(tmp_path / "data", a_group())
    argv = ["export", str(tmp_path / "data"), "-o", str(tmp_path / "out"), "--format"]
    assert main([*argv, "trl-sft", "--threshold", "1"]) == 2
    assert "--format trl-sft has no --threshold" in capsys.readouterr().err
    assert main([*argv, "verl-tokens", "--episode", "g"]) == 2
    assert "has no --episode" in capsys.readouterr().err
    assert main([*argv, "trl-unpaired", "--threshold", "0.7"]) == 0
    assert "3 rows of 3 episodes; left out: 1 not valid for training" in capsys.readouterr().out
    assert sum(row["label"] for row in rows_of(tmp_path / "out")) == 1


def test_minari_wants_an_id_of_its_own(tmp_path):
    with pytest.raises(ConfigError, match="no id of Minari"):
        export_minari(stored(tmp_path / "data", a_group()), tmp_path / "out")


def test_a_batch_of_verl_cuts_nothing_off():
    row = {"prompt_ids": [1] * 5, "response_ids": [2] * 3}
    with pytest.raises(TrajectoryError, match="a prompt has 5 tokens and a response 3"):
        verl.data_proto([row], pad_token_id=0, prompt_length=4, response_length=9)


def test_the_features_are_those_of_an_environment(tmp_path):
    pytest.importorskip("msgpack_numpy")
    msgpack = pytest.importorskip("msgpack")
    import msgpack_numpy

    from claudebox_rl.env.wrappers.features import hashed_features
    from claudebox_rl.exports.rllib import export_rllib, load_spaces

    export_rllib(stored(tmp_path / "data", a_group()), tmp_path / "out")
    items = pq.read_table(tmp_path / "out" / "episodes.parquet")["item"].to_pylist()
    state = msgpack.unpackb(items[0], object_hook=msgpack_numpy.decode)
    observed = {"instruction": INSTRUCTION, "response": "Done.", "facts": np.array([1, 0.5, 12.0])}
    assert np.array_equal(state["observations"]["data"][1], hashed_features(observed))
    assert not state["observations"]["data"][2].any()
    spaces = load_spaces(tmp_path / "out")
    assert spaces.actions == (INSTRUCTION, "/submit")
    assert state["actions"]["data"] == [0, 1]
    assert spaces.observation_space.shape == (64 * 2 + 3,)
