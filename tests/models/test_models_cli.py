"""The unmodified CLI on local models: one was taught a task and solves it, one says noise, heard to the letter."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from cli_parts import SAID, TOLD, goes_on, make_solver, play, rendered, told
from tiny_model import load_tokenizer
from token_server import serving

from claudebox_rl import training_rows
from claudebox_rl.types import Outcome

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def solver(local_sandbox: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_solver(tmp_path_factory.mktemp("solver") / "tiny")


def test_a_model_in_this_process_solves_a_task(solver: Path, tmp_path: Path):
    options = {"temperature": 0, "device": "cpu", "max_new_tokens": 600}
    record = play({"upstream": "transformers", "name": str(solver), "options": options}, tmp_path)
    episode, calls = record.episode, record.model_calls
    assert (episode.outcome, episode.episode_return, episode.num_turns) == (Outcome.COMPLETED, 1.0, 2)
    tokenizer = load_tokenizer(solver)
    assert [tokenizer.decode(call.completion_token_ids) for call in calls] == SAID
    assert [told(call) for call in calls] == TOLD
    assert [tokenizer.decode(call.prompt_token_ids) for call in calls] == [rendered(tokenizer, call) for call in calls]
    assert goes_on(*calls)
    assert calls[0].weight_version == calls[1].weight_version
    assert episode.usage.output_tokens == sum(len(call.completion_token_ids or ()) for call in calls)
    (row,) = training_rows(record, "tokens")
    learned = [place for place, is_learned in enumerate(row.loss_mask) if is_learned]
    assert tokenizer.decode([row.token_ids[place] for place in learned]) == "".join(SAID)
    assert [row.logprobs[place] for place in learned] == [each for call in calls for each in call.logprobs]


def test_the_same_model_behind_a_chat_completions_server_solves_it_too(solver: Path, tmp_path: Path):
    with serving(solver) as base_url:
        options = {"base_url": base_url, "extra_body": {"temperature": 0}, "capture_tokens": "always"}
        record = play({"upstream": "openai", "name": solver.name, "options": options}, tmp_path)
    episode, calls = record.episode, record.model_calls
    assert (episode.outcome, episode.episode_return, episode.num_turns) == (Outcome.COMPLETED, 1.0, 2)
    tokenizer = load_tokenizer(solver)
    assert [tokenizer.decode(call.completion_token_ids) for call in calls] == SAID
    assert [told(call) for call in calls] == TOLD
    assert [tokenizer.decode(call.prompt_token_ids) for call in calls] == [rendered(tokenizer, call) for call in calls]
    assert all(-0.5 < each <= 0 for call in calls for each in call.logprobs or (-1.0,))


def test_noise_reaches_the_cli_as_it_was_sampled(local_sandbox: str, tiny: Path, tmp_path: Path):
    options = {"device": "cpu", "max_new_tokens": 60, "parser": "plain", "seed": 3}
    record = play({"upstream": "transformers", "name": str(tiny), "options": options}, tmp_path)
    episode, calls = record.episode, record.model_calls
    # Which noise a seed gives differs by processor, and so does whether any answer ends before its 60 tokens.
    never_ended = all(call.response is not None and call.response["stop_reason"] == "max_tokens" for call in calls)
    outcome = Outcome.AGENT_ERROR if never_ended else Outcome.COMPLETED
    assert calls
    assert (episode.outcome, episode.episode_return) == (outcome, 0.0)
    tokenizer = load_tokenizer(tiny)
    for call in calls:
        said = tokenizer.decode(call.completion_token_ids).removesuffix("<|im_end|>").removesuffix("<|endoftext|>")
        assert "".join(told(call)) == said
        assert tokenizer.decode(call.prompt_token_ids) == rendered(tokenizer, call)
    assert all(goes_on(*pair) for pair in pairwise(calls))  # the CLI asks a model that was cut off to go on
