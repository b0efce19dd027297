"""A real vLLM, behind the upstream `openai`: a taught model solves a task, and noise is captured as it was sampled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_parts import SAID, TOLD, make_solver, play, told
from model_parts import BASH, Client, user
from tiny_model import load_tokenizer
from vllm_server import PYTHON, vllm

from claudebox_rl import training_rows
from claudebox_rl.gateway import Gateway, make_upstream
from claudebox_rl.types import Outcome

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not PYTHON.exists(), reason="no vLLM here: `make vllm` installs it, on Linux alone"),
]

NOISE = {"temperature": 2.0, "seed": 1}


@pytest.fixture(scope="module")
def taught(local_sandbox: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    # On a processor, vLLM has no attention for heads that are smaller.
    return make_solver(tmp_path_factory.mktemp("served") / "tiny", num_heads=2)


@pytest.fixture(scope="module")
def base_url(taught: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # Else noise that is bound to a schema is white space for the most part.
    tight = ("--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}')
    with vllm(taught, tmp_path_factory.mktemp("vllm") / "log", *tight) as url:
        yield url


@pytest.fixture
async def client(base_url: str) -> Any:
    gateway = Gateway()
    await gateway.start()

    def open_(**options: Any) -> Client:
        made = {"model": "tiny", "base_url": base_url, "capture_tokens": "always", **options}
        return Client(gateway, gateway.open_episode("episode", make_upstream("openai", made)))

    yield open_
    await gateway.stop()


def test_a_taught_model_solves_a_task_through_vllm_and_the_cli(taught: Path, base_url: str, tmp_path: Path):
    options = {"base_url": base_url, "max_output_tokens": 600, "extra_body": {"temperature": 0}}
    record = play({"upstream": "openai", "name": "tiny", "options": options}, tmp_path)
    episode, calls = record.episode, record.model_calls
    assert (episode.outcome, episode.episode_return) == (Outcome.COMPLETED, 1.0), episode.error_message
    assert episode.num_turns == 2
    tokenizer = load_tokenizer(taught)
    assert [tokenizer.decode(call.completion_token_ids) for call in calls] == SAID
    (text, command), last = (told(call) for call in calls)
    assert [[text.rstrip("\n"), command], last] == TOLD  # vLLM keeps the line break before a call
    for call in calls:
        assert len(call.logprobs) == len(call.completion_token_ids) == call.usage.output_tokens
        assert len(call.prompt_token_ids) == call.usage.input_tokens
        assert max(call.logprobs) <= 0
        assert call.weight_version.startswith("vllm-")
    assert calls[1].usage.cached_tokens > len(calls[0].prompt_token_ids) * 0.9
    # vLLM renders each prompt anew, with another line break, so each call is a row of its own.
    rows = training_rows(record, "tokens")
    learned = [[row.token_ids[place] for place, is_learned in enumerate(row.loss_mask) if is_learned] for row in rows]
    assert [tokenizer.decode(each) for each in learned] == SAID


def test_noise_reaches_the_cli_as_it_was_sampled(taught: Path, base_url: str, tmp_path: Path):
    tokenizer = load_tokenizer(taught)
    bias = {tokenizer.convert_tokens_to_ids("<tool_call>"): -100, tokenizer.eos_token_id: 4}
    noise = {**NOISE, "min_tokens": 20, "logit_bias": {str(token): value for token, value in bias.items()}}
    options = {"base_url": base_url, "max_output_tokens": 2000, "extra_body": noise}
    record = play({"upstream": "openai", "name": "tiny", "options": options}, tmp_path)
    episode, calls = record.episode, record.model_calls
    assert (episode.outcome, episode.episode_return) == (Outcome.COMPLETED, 0.0), episode.error_message
    for call in calls:
        assert call.response["stop_reason"] == "end_turn"
        assert len(call.completion_token_ids) == len(call.logprobs) > 20
        said = tokenizer.decode(call.completion_token_ids, skip_special_tokens=True)
        heard = "".join(told(call))
        assert heard.strip()
        # vLLM keeps the bytes of a letter back until it is whole.
        assert said.rstrip("\ufffd") == heard.rstrip("\ufffd")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_that_is_demanded_is_one(client: Any, stream: bool):
    """vLLM binds the sampling to the schemas of strict tools, so noise comes out as calls."""
    agent = client(extra_body=NOISE)
    schema = {"type": "object", "properties": {"command": {"enum": ["ls", "pwd"]}}, "required": ["command"]}
    tool = {**BASH, "input_schema": schema, "strict": True}
    demand = {"tools": [tool], "tool_choice": {"type": "any"}, "max_tokens": 400}
    if stream:
        events = [event async for event in agent.events(user("go"), **demand)]
        assert events[-1]["type"] == "message_stop"
    else:
        await agent.ask(user("go"), **demand)
    call = agent.last
    assert len(call.completion_token_ids) == call.usage.output_tokens
    assert call.response["stop_reason"] == "tool_use"
    for block in call.response["content"]:
        assert (block["type"], block["name"]) == ("tool_use", "Bash")
        assert block["input"]["command"] in ("ls", "pwd")


async def test_tokens_are_counted_as_they_are_sampled_from(client: Any):
    agent = client()
    talk = [user("hello"), {"role": "assistant", "content": "hi"}, user("a count, please")]
    counted = await agent.count(*talk, tools=[BASH], system="short")
    await agent.ask(*talk, tools=[BASH], system="short", max_tokens=1)
    assert counted == {"input_tokens": len(agent.last.prompt_token_ids)}


async def test_what_vllm_refuses_is_said_in_the_api_s_words(client: Any):
    agent = client()
    long = await agent.ask(user("word " * 60_000))
    assert long["error"]["type"] == "invalid_request_error"
    assert long["error"]["message"].startswith("prompt is too long: ")
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    shown = await agent.ask({"role": "user", "content": [image]})
    assert shown["error"]["type"] == "invalid_request_error"


async def test_a_stop_sequence_is_named(client: Any):
    agent = client(extra_body={"temperature": 0, "structured_outputs": {"choice": ["one two three"]}})
    message = await agent.ask(user("count"), stop_sequences=["two"])
    assert (message["stop_reason"], message["stop_sequence"]) == ("stop_sequence", "two")
    assert message["content"] == [{"type": "text", "text": "one "}]
