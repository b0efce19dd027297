"""Datasets for verl: prompts to play, and played episodes as the tokens that the model read and wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.exports.chat import UnfitError, main_lesson
from claudebox_rl.exports.folder import Exported, Row, library, new_folder, valid_records, write_parquet
from claudebox_rl.trajectory import Dataset, EpisodeRecord, TokenRow, training_rows

FILE = "train.parquet"
DATA_SOURCE = "claudebox_rl"


def export_prompts(dataset: Dataset, path: str | Path) -> Exported:
    """Write each task once, as verl's `RLHFDataset` reads prompts.

    Columns: `data_source`, `prompt` (the task's instruction as a user's message; where its episodes have none, what the
    model was first asked), `ability`, `reward_model` (`style`, and `ground_truth`: the task's id, for a reward function
    that plays it) and `extra_info` (`index`, `task_id`, `split`).

    Raises:
        TrajectoryError: The folder is there, there is nothing to write, or it can't be written.
    """

    def rows(exported: Exported) -> Iterator[Row]:
        seen: set[str] = set()
        for record in valid_records(dataset, exported):
            task_id = record.episode.task_id
            if task_id in seen:
                continue
            prompt = _prompt(record, exported)
            if prompt:
                exported.num_episodes += 1
                yield _prompt_row(task_id, prompt, len(seen))
                seen.add(task_id)

    with new_folder(path) as (folder, exported):
        exported.num_rows = write_parquet(folder / FILE, rows(exported), _prompt_schema())
    return exported


def export_tokens(dataset: Dataset, path: str | Path) -> Exported:
    """Write what models read and wrote, from captured ids alone, under the names of verl's `AgentLoopOutput`.

    Columns: `uid` (what GRPO compares: the group, else the episode), `prompt_ids` (before the first token that is
    learned), `response_ids` (from there on), `response_mask` (1: the model wrote it here), `response_logprobs` (as
    sampled; 0.0 where the mask is 0; null where they were not captured), `reward_score` (the episode's return, in each
    of its rows), `num_turns`, `data_source`, `reward_model`, `extra_info` (`episode_id`, `task_id`, `agent_path`,
    `row`, `weight_versions`). `data_proto` makes a batch of them.

    Raises:
        TrajectoryError: The ids of some answer were not captured (the message names the calls), the folder is there,
            there is nothing to write, or it can't be written.
    """

    def rows(exported: Exported) -> Iterator[Row]:
        for record in valid_records(dataset, exported):
            if record.episode.episode_return is None:
                exported.left_out["without a return"] += 1
                continue
            found = training_rows(record, "tokens")
            if not found:
                exported.left_out["without an answer of a model"] += 1
                continue
            exported.num_episodes += 1
            yield from (_token_row(record, row, index) for index, row in enumerate(found))

    with new_folder(path) as (folder, exported):
        exported.num_rows = write_parquet(folder / FILE, rows(exported), _token_schema())
    return exported


def data_proto(
    rows: Sequence[Mapping[str, Any]], *, pad_token_id: int, prompt_length: int, response_length: int
) -> Any:
    """Make verl's batch of rows of `export_tokens`: prompts padded at their left, responses at their right.

    Tensors: `prompts`, `responses`, `response_mask`, `input_ids`, `attention_mask`, `position_ids`, `rm_scores` (the
    return at the last token of the response), and `rollout_log_probs` where all rows have them. Beside them `uid`,
    `data_source`, `reward_model`, `extra_info`.

    Args:
        rows: As `pyarrow.parquet.read_table(...).to_pylist()` gives them.
        pad_token_id: The model's.
        prompt_length: Of all prompts, in tokens.
        response_length: Of all responses, in tokens.

    Raises:
        TrajectoryError: A row is longer than asked for: nothing is cut off, since what a token was sampled behind
            would then be another text; or verl is not installed.
    """
    longest = [max((len(row[name]) for row in rows), default=0) for name in ("prompt_ids", "response_ids")]
    if longest[0] > prompt_length or longest[1] > response_length:
        raise TrajectoryError(
            f"a prompt has {longest[0]} tokens and a response {longest[1]}: more than "
            f"prompt_length={prompt_length} and response_length={response_length}",
            longest=longest,
        )
    with boundary(TrajectoryError, "verl's batch needs verl and torch (pip install verl)"):
        verl = library("verl")
    arrays = _arrays(rows, pad_token_id, prompt_length, response_length)
    beside = {name: np.array([row[name] for row in rows], dtype=object) for name in _BESIDE}
    return verl.DataProto.from_dict(tensors=_tensors(arrays), non_tensors=beside)


_BESIDE = ("uid", "data_source", "reward_model", "extra_info")


def _arrays(rows: Sequence[Mapping[str, Any]], pad: int, before: int, after: int) -> dict[str, list[list[Any]]]:
    def left(values: Sequence[int], fill: int) -> list[int]:
        return [fill] * (before - len(values)) + list(values)

    def right(values: Sequence[Any], fill: Any) -> list[Any]:
        return [*values, *[fill] * (after - len(values))]

    arrays: dict[str, list[list[Any]]] = {
        "prompts": [left(row["prompt_ids"], pad) for row in rows],
        "responses": [right(row["response_ids"], pad) for row in rows],
        "response_mask": [right(row["response_mask"], 0) for row in rows],
        "attention_mask": [
            left([1] * len(row["prompt_ids"]), 0) + right([1] * len(row["response_ids"]), 0) for row in rows
        ],
        "rm_scores": [
            right([0.0] * (len(row["response_ids"]) - 1) + [float(row["reward_score"])], 0.0) for row in rows
        ],
    }
    if all(row["response_logprobs"] is not None for row in rows):
        arrays["rollout_log_probs"] = [right(row["response_logprobs"], 0.0) for row in rows]
    return arrays


def _tensors(arrays: dict[str, list[list[Any]]]) -> dict[str, Any]:
    torch = library("torch")
    floats = ("rm_scores", "rollout_log_probs")
    tensors = {
        name: torch.tensor(values, dtype=torch.float32 if name in floats else torch.int64)
        for name, values in arrays.items()
    }
    tensors["input_ids"] = torch.cat([tensors["prompts"], tensors["responses"]], dim=1)
    tensors["position_ids"] = (tensors["attention_mask"].cumsum(dim=1) - 1).clamp(min=0)
    return tensors


def _token_row(record: EpisodeRecord, row: TokenRow, index: int) -> Row:
    first = row.loss_mask.index(True)
    logprobs = row.logprobs
    mask = row.loss_mask[first:]
    versions = {call.weight_version for call in record.model_calls if call.call_id in row.trained_call_ids}
    return {
        "uid": record.episode.group_id or record.episode.episode_id,
        "prompt_ids": row.token_ids[:first],
        "response_ids": row.token_ids[first:],
        "response_mask": [int(each) for each in mask],
        "response_logprobs": None
        if logprobs is None
        else [(each or 0.0) if is_own else 0.0 for each, is_own in zip(logprobs[first:], mask, strict=True)],
        "reward_score": record.episode.episode_return,
        "num_turns": len(row.call_ids),
        "data_source": DATA_SOURCE,
        "reward_model": {"style": "rule", "ground_truth": record.episode.task_id},
        "extra_info": {
            "episode_id": record.episode.episode_id,
            "task_id": record.episode.task_id,
            "agent_path": row.agent_path,
            "row": index,
            "weight_versions": sorted(version for version in versions if version is not None),
        },
    }


def _prompt(record: EpisodeRecord, exported: Exported) -> list[Row]:
    instruction = record.steps[0].observation.get("instruction") if record.steps else None
    if isinstance(instruction, str) and instruction:
        return [{"role": "user", "content": instruction}]
    try:
        asked = main_lesson(record).prompt
    except UnfitError as error:
        exported.left_out[str(error)] += 1
        return []
    return [{"role": message["role"], "content": message["content"]} for message in asked]


def _prompt_row(task_id: str, prompt: list[Row], index: int) -> Row:
    return {
        "data_source": DATA_SOURCE,
        "prompt": prompt,
        "ability": "coding",
        "reward_model": {"style": "rule", "ground_truth": task_id},
        "extra_info": {"index": index, "task_id": task_id, "split": "train"},
    }


def _prompt_schema() -> Any:
    arrow = library("pyarrow")
    text = arrow.string()
    return arrow.schema(
        {
            "data_source": text,
            "prompt": arrow.list_(arrow.struct({"role": text, "content": text})),
            "ability": text,
            "reward_model": arrow.struct({"style": text, "ground_truth": text}),
            "extra_info": arrow.struct({"index": arrow.int64(), "task_id": text, "split": text}),
        }
    )


def _token_schema() -> Any:
    arrow = library("pyarrow")
    text, ids = arrow.string(), arrow.list_(arrow.int32())
    return arrow.schema(
        {
            "uid": text,
            "prompt_ids": ids,
            "response_ids": ids,
            "response_mask": arrow.list_(arrow.int8()),
            "response_logprobs": arrow.list_(arrow.float64()),
            "reward_score": arrow.float64(),
            "num_turns": arrow.int64(),
            "data_source": text,
            "reward_model": arrow.struct({"style": text, "ground_truth": text}),
            "extra_info": arrow.struct(
                {
                    "episode_id": text,
                    "task_id": text,
                    "agent_path": text,
                    "row": arrow.int64(),
                    "weight_versions": arrow.list_(text),
                }
            ),
        }
    )
