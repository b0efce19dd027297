"""What TRL's own trainers make of the exports. Run by `make models`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from exported_episodes import a_group, record, stored

from claudebox_rl.exports import trl

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("trl")
    sys.path.append(str(Path(__file__).parents[1] / "models"))
    from tiny_model import make_tiny_model

    return make_tiny_model(tmp_path_factory.mktemp("tiny"))


def loaded(folder: Path, cache: Path) -> Any:
    """As a user loads it."""
    import datasets

    return datasets.load_dataset("parquet", data_files=str(folder / "train.parquet"), cache_dir=str(cache))["train"]


def tokenizer_and_model(checkpoint: Path) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    answers = ("{{- '<|im_start|>assistant\\n' }}", "{{- '<|im_end|>\\n' }}\n    {%- elif message.role == 'tool' %}")
    template = tokenizer.chat_template
    assert all(template.count(part) for part in answers)
    begin = template.index(answers[0], template.index("elif message.role == 'assistant'")) + len(answers[0])
    end = template.index(answers[1])
    end_of_turn = "{{- '<|im_end|>\\n' }}"
    tokenizer.chat_template = (
        template[:begin]
        + "{%- generation %}"
        + template[begin:end]
        + end_of_turn
        + "{%- endgeneration %}"
        + template[end + len(end_of_turn) :]
    )
    return tokenizer, AutoModelForCausalLM.from_pretrained(checkpoint)


def settings(kind: Any, folder: Path, **options: Any) -> Any:
    return kind(
        output_dir=str(folder),
        per_device_train_batch_size=2,
        max_length=2048,
        report_to="none",
        use_cpu=True,
        save_strategy="no",
        logging_steps=1,
        bf16=False,
        gradient_checkpointing=False,
        disable_tqdm=True,
        **options,
    )


def losses(trainer: Any) -> list[float]:
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def test_sft_learns_what_the_model_said_and_nothing_else(tmp_path, checkpoint):
    from trl import SFTConfig, SFTTrainer

    trl.export_sft(stored(tmp_path / "data", a_group()), tmp_path / "out")
    tokenizer, model = tokenizer_and_model(checkpoint)
    rows = loaded(tmp_path / "out", tmp_path / "cache")
    args = settings(SFTConfig, tmp_path / "run", assistant_only_loss=True, max_steps=8, learning_rate=1e-2)
    trainer = SFTTrainer(model, args=args, train_dataset=rows, processing_class=tokenizer)
    first = trainer.train_dataset[0]
    learned = tokenizer.decode([token for token in first["labels"] if token != -100])
    command = rows[0]["completion"][0]["tool_calls"][0]["function"]["arguments"]["command"]
    call = f'<tool_call>\n{{"name": "Bash", "arguments": {{"command": "{command}"}}}}\n</tool_call>'
    assert learned == f"<think>\nHm.\n</think>\n\nI look.\n{call}<|im_end|>\nDone with {command}.<|im_end|>\n"
    whole = tokenizer.decode(first["input_ids"])
    assert '"name": "Bash"' in whole.split("</tools>")[1]
    assert f"<tool_response>\noutput of {command}\n</tool_response>" in whole
    trainer.train()
    assert losses(trainer)[-1] < losses(trainer)[0]


def test_dpo_trains_on_pairs(tmp_path, checkpoint):
    from trl import DPOConfig, DPOTrainer

    records = [each for name in ("g", "h") for each in a_group(name)]
    trl.export_preference(stored(tmp_path / "data", records), tmp_path / "out")
    tokenizer, model = tokenizer_and_model(checkpoint)
    rows = loaded(tmp_path / "out", tmp_path / "cache")
    args = settings(DPOConfig, tmp_path / "run", max_steps=4, learning_rate=1e-3)
    trainer = DPOTrainer(model, args=args, train_dataset=rows, processing_class=tokenizer)
    first = trainer.train_dataset[0]
    assert "Mend freetime.py" in tokenizer.decode(first["prompt_ids"])
    assert "</tools>" in tokenizer.decode(first["prompt_ids"])
    assert "Done with sed -i s/a/b/ f." in tokenizer.decode(first["chosen_ids"])
    assert "Done with rm -rf .." in tokenizer.decode(first["rejected_ids"])
    trainer.train()
    assert losses(trainer)[-1] < losses(trainer)[0]


def test_kto_trains_on_good_and_bad_answers(tmp_path, checkpoint):
    from trl import KTOConfig, KTOTrainer

    trl.export_unpaired(stored(tmp_path / "data", [*a_group(), record("alone", 0.0)]), tmp_path / "out")
    tokenizer, model = tokenizer_and_model(checkpoint)
    rows = loaded(tmp_path / "out", tmp_path / "cache")
    args = settings(KTOConfig, tmp_path / "run", max_steps=2, learning_rate=1e-3)
    trainer = KTOTrainer(model, args=args, train_dataset=rows, processing_class=tokenizer)
    assert sorted(trainer.train_dataset["label"]) == [False, False, True, True]
    trainer.train()
    assert len(losses(trainer)) == 2
