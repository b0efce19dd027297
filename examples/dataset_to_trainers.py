"""From a rollout to trainers: DuckDB, ATIF, Minari, TRL and RLlib on one dataset. Offline, some minutes on two cores.

pip install 'claudebox_rl[trainers,readers]' 'ray[rllib]'
python examples/dataset_to_trainers.py FOLDER [--sandbox local]

Half of the episodes solve their task (model `oracle`), half do nothing (`nop`). TRL trains a model of a few thousand
weights that is made here; `--model NAME` takes one of yours, whose chat template marks what the assistant says.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from claudebox_rl import load_dataset, rollout
from claudebox_rl.exports.atif import write_atif
from claudebox_rl.exports.minari import export_minari
from claudebox_rl.exports.rllib import EPISODES, export_rllib, load_spaces
from claudebox_rl.exports.trl import export_sft

TEMPLATE = """
{%- for tool in tools or [] %}<|tool|>{{ tool | tojson }}{% endfor -%}
{%- for message in messages -%}
<|{{ message.role }}|>
{%- if message.role == 'assistant' -%}
{% generation %}{{ message.content or '' }}
{%- for call in message.tool_calls or [] %}<|call|>{{ call.function | tojson }}{% endfor %}<|end|>{% endgeneration %}
{%- else %}{{ message.content }}<|end|>{% endif -%}
{%- endfor -%}
"""
MARKS = ["<|pad|>", "<|end|>", "<|call|>", "<|tool|>", "<|system|>", "<|user|>", "<|assistant|>"]


def play(folder: Path, sandbox: str) -> Path:
    """Play each quickstart task once by each model; the same folder again plays what is missing."""
    out = folder / "dataset"
    for model in ("oracle", "nop"):
        for episode in rollout(task="quickstart", model=model, sandbox=sandbox, out=out, run_id=model, num_workers=2):
            print(f"  {model} {episode.task_id}: {episode.outcome}, return {episode.episode_return}")
    return out


def analyse(dataset: Path) -> None:
    """Ask DuckDB how the models did."""
    tables = load_dataset(dataset).to_duckdb()
    print(tables.sql("select model, count(*) as episodes, avg(episode_return) as mean from episodes group by all"))


def sample_with_minari(dataset: Path, folder: Path) -> None:
    """Open the dataset with Minari, and draw two episodes."""
    os.environ["MINARI_DATASETS_PATH"] = str(folder)
    import minari

    print(" ", export_minari(load_dataset(dataset), folder / "quickstart-v0"))
    for episode in minari.load_dataset("quickstart-v0").sample_episodes(2):
        print(f"  episode {episode.id}: {len(episode.actions)} actions, return {episode.rewards.sum()}")


def fine_tune_with_trl(dataset: Path, folder: Path, name: str | None) -> None:
    """Train on what solved its task."""
    import datasets
    from trl import SFTConfig, SFTTrainer

    print(" ", export_sft(load_dataset(dataset), folder / "sft", min_return=1.0))
    rows = datasets.load_dataset(
        "parquet", data_files=str(folder / "sft/train.parquet"), cache_dir=str(folder / "cache")
    )
    tokenizer, model = _checkpoint(name)
    settings = SFTConfig(
        output_dir=str(folder / "sft-run"),
        assistant_only_loss=True,
        max_length=None,
        max_steps=4,
        per_device_train_batch_size=1,
        learning_rate=1e-2,
        logging_steps=1,
        report_to="none",
        save_strategy="no",
        bf16=False,
        use_cpu=True,
        disable_tqdm=True,
    )
    trainer = SFTTrainer(model, args=settings, train_dataset=rows["train"], processing_class=tokenizer)
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    print(f"  loss of the first step {losses[0]:.3f}, of the last {losses[-1]:.3f}")


def _checkpoint(name: str | None) -> tuple[Any, Any]:
    """Load a model and its tokenizer, or make small ones whose tokens are bytes."""
    import transformers as hf
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    if name is not None:
        return hf.AutoTokenizer.from_pretrained(name), hf.AutoModelForCausalLM.from_pretrained(name)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE(vocab={letter: place for place, letter in enumerate(letters)}, merges=[]))
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    raw.add_special_tokens(MARKS)
    tokenizer = hf.PreTrainedTokenizerFast(tokenizer_object=raw, pad_token=MARKS[0], eos_token=MARKS[1])
    tokenizer.chat_template = TEMPLATE
    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = hf.Qwen2Config(
        vocab_size=len(tokenizer),
        num_key_value_heads=2,
        use_sliding_window=True,
        sliding_window=64,
        max_window_layers=0,
        **size,
    )
    return tokenizer, hf.Qwen2ForCausalLM(config)


def clone_with_rllib(dataset: Path, folder: Path) -> None:
    """Clone the behaviour of the episodes that solved their task, by RLlib's BC."""
    from ray.rllib.algorithms.bc import BCConfig

    print(" ", export_rllib(load_dataset(dataset).filter(min_return=1.0), folder / "rllib"))
    spaces = load_spaces(folder / "rllib")
    config = (
        BCConfig()
        .environment(observation_space=spaces.observation_space, action_space=spaces.action_space)
        .env_runners(num_env_runners=0)
        .learners(num_learners=0)
        .offline_data(
            input_=[str(folder / "rllib" / EPISODES)],
            input_read_episodes=True,
            input_read_batch_size=8,
            map_batches_kwargs={"concurrency": 1, "num_cpus": 0},
            dataset_num_iters_per_learner=4,
        )
        .training(train_batch_size_per_learner=16, lr=1e-2)
    )
    algorithm = config.build_algo()
    losses = [float(algorithm.train()["learners"]["default_policy"]["total_loss"]) for _ in range(4)]
    print(f"  BC over {len(spaces.actions)} actions: loss {losses[0]:.3f}, then {losses[-1]:.3f}")
    algorithm.stop()


def main() -> None:
    """Do all of it, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where dataset and exports go; exports must not be there yet")
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--model", help="a checkpoint that TRL trains, by name or folder")
    arguments = parser.parse_args()
    folder: Path = arguments.folder.absolute()
    print("rollout")
    dataset = play(folder, arguments.sandbox)
    print("DuckDB")
    analyse(dataset)
    print("ATIF")
    print(f"  {len(write_atif(load_dataset(dataset), folder / 'atif'))} files in {folder / 'atif'}")
    print("Minari")
    sample_with_minari(dataset, folder)
    print("TRL")
    fine_tune_with_trl(dataset, folder, arguments.model)
    print("RLlib")
    clone_with_rllib(dataset, folder)


if __name__ == "__main__":
    main()
