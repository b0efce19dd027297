"""What verl's own classes make of the exports. Run by `make verl`, in an environment of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from exported_episodes import INSTRUCTION, a_group, record, stored

from claudebox_rl.exports import verl

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore")]


def test_a_batch_of_tokens_gets_its_advantages(tmp_path):
    library = pytest.importorskip("verl")
    from verl.trainer.ppo.core_algos import compute_grpo_outcome_advantage

    verl.export_tokens(stored(tmp_path / "data", a_group()), tmp_path / "out")
    rows = sorted(pq.read_table(tmp_path / "out/train.parquet").to_pylist(), key=lambda row: row["reward_score"])
    batch = verl.data_proto(rows, pad_token_id=0, prompt_length=5, response_length=6)
    assert isinstance(batch, library.DataProto)
    assert len(batch) == 3
    assert batch.batch["input_ids"][0].tolist() == [0, 0, 1, 2, 3, 4, 5, 6, 7, 0, 0]
    assert batch.batch["attention_mask"][0].tolist() == [0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0]
    assert batch.batch["position_ids"][0].tolist() == [0, 0, 0, 1, 2, 3, 4, 5, 6, 6, 6]
    assert batch.batch["response_mask"][0].tolist() == [1, 1, 0, 1, 0, 0]
    assert batch.batch["rollout_log_probs"][0].tolist() == [-2.0, -2.5, 0.0, -3.5, 0.0, 0.0]
    assert batch.batch["rm_scores"].sum(dim=1).tolist() == pytest.approx([0.0, 0.6, 1.0])
    advantages, _ = compute_grpo_outcome_advantage(
        token_level_rewards=batch.batch["rm_scores"],
        response_mask=batch.batch["response_mask"],
        index=batch.non_tensor_batch["uid"],
    )
    assert advantages[0, 0] < 0 < advantages[2, 0]
    assert advantages[:, 2].tolist() == [0, 0, 0]
    assert len(batch.union(batch[:3]).chunk(3)) == 3


def test_the_dataset_of_prompts_is_read(tmp_path):
    pytest.importorskip("verl")
    from omegaconf import OmegaConf
    from verl.utils.dataset.rl_dataset import RLHFDataset, collate_fn

    sys.path.append(str(Path(__file__).parents[1] / "models"))
    from tiny_model import load_tokenizer, make_tiny_model

    tokenizer = load_tokenizer(make_tiny_model(tmp_path / "tiny"))
    records = [*a_group(), record("o", 0.0, task_id="quickstart/other", instruction="Other.")]
    verl.export_prompts(stored(tmp_path / "data", records), tmp_path / "out")
    config = {"cache_dir": str(tmp_path / "cache"), "max_prompt_length": 512, "filter_overlong_prompts_workers": 1}
    dataset = RLHFDataset(str(tmp_path / "out/train.parquet"), tokenizer, OmegaConf.create(config))
    assert len(dataset) == 2
    assert dataset[0]["raw_prompt"] == [{"role": "user", "content": INSTRUCTION}]
    batch = collate_fn([dataset[0], dataset[1]])
    assert batch["index"].tolist() == [0, 1]
    assert [each["ground_truth"] for each in batch["reward_model"]] == ["quickstart/fix-bug", "quickstart/other"]
    assert batch["data_source"].tolist() == ["claudebox_rl"] * 2
