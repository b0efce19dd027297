"""A real llama.cpp server, behind the upstream `openai`; its model says noise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_parts import play
from model_parts import Client, user
from tiny_model import load_tokenizer

from claudebox_rl.gateway import Gateway, make_upstream
from claudebox_rl.types import Outcome

xllamacpp = pytest.importorskip("xllamacpp", reason="`make models` installs it")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def base_url(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from gguf_model import write_gguf

    settings = xllamacpp.CommonParams()
    settings.model.path = str(write_gguf(tiny, tmp_path_factory.mktemp("llama") / "tiny.gguf"))
    settings.n_ctx = 40_000
    settings.cpuparams.n_threads = 1
    server = xllamacpp.Server(settings)
    yield f"{server.listening_address}/v1"
    del server


@pytest.fixture
async def client(base_url: str) -> AsyncIterator[Callable[..., Client]]:
    gateway = Gateway()
    await gateway.start()

    def open_(**options: Any) -> Client:
        upstream = make_upstream("openai", {"model": "tiny", "base_url": base_url, **options})
        return Client(gateway, gateway.open_episode("episode", upstream))

    yield open_
    await gateway.stop()


def test_the_cli_plays_a_task_on_llama_cpp(local_sandbox: str, tiny: Path, base_url: str, tmp_path: Path):
    ending = [[load_tokenizer(tiny).eos_token_id, 4.0]]  # else noise goes on and on
    options = {"base_url": base_url, "max_output_tokens": 1000, "extra_body": {"seed": 1, "logit_bias": ending}}
    record = play({"upstream": "openai", "name": "tiny", "options": options}, tmp_path)
    episode, calls = record.episode, record.model_calls
    assert (episode.outcome, episode.episode_return) == (Outcome.COMPLETED, 0.0), episode.error_message
    assert {call.status for call in calls} == {200}
    assert calls[-1].response["stop_reason"] == "end_turn"
    assert calls[0].usage.input_tokens > 4000
    assert calls[0].usage.output_tokens > 0
    # llama.cpp gives ids with its log-probabilities, but those of a letter's bytes as one: so none are taken.
    assert {call.completion_token_ids for call in calls} == {None}


async def test_what_llama_cpp_refuses_is_said_in_the_api_s_words(client: Callable[..., Client]):
    agent = client()
    long = await agent.ask(user("word " * 60_000))
    assert long["error"]["type"] == "invalid_request_error"
    assert long["error"]["message"].startswith("prompt is too long: ")
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    assert "error" in await agent.ask({"role": "user", "content": [image]})
