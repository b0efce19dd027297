"""The upstream over a real checkpoint, through the gateway."""

from __future__ import annotations

import pytest
from model_parts import BASH, user
from tiny_model import load_tokenizer

pytestmark = pytest.mark.slow


async def test_the_record_holds_what_was_sampled(enter, tiny):
    client = enter(tiny, seed=1)
    message = await client.ask(user("Größe 🙂?"), system="Be brief.", tools=[BASH])
    assert message["role"] == "assistant", message
    call, tokenizer = client.last, load_tokenizer(tiny)
    assert tokenizer.decode(call.prompt_token_ids).endswith(
        "<|im_start|>user\nGröße 🙂?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert len(call.completion_token_ids) == len(call.logprobs) == message["usage"]["output_tokens"]
