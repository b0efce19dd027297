"""What a server tells of the tokens behind its answer: asked for in its own way, taken as it is, never made from text.

- vLLM (`return_token_ids`): `prompt_token_ids` of an answer or its first chunk, `token_ids` of each choice.
- SGLang (`return_input_ids_in_sglext`, `return_output_ids_in_sglext`): `sglext.input_ids`, `sglext.output_ids`, the
  latter by choice.
- Both (`logprobs`): `logprobs.content[].logprob` of each choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claudebox_rl.gateway.upstream import Sampled

_VLLM: Mapping[str, Any] = {"logprobs": True, "return_token_ids": True}
_SGLANG: Mapping[str, Any] = {
    "logprobs": True,
    "return_input_ids_in_sglext": True,
    "return_output_ids_in_sglext": True,
}
_ASKED = {"vllm": _VLLM, "sglang": _SGLANG}


def asking(kind: str | None, *, always: bool) -> Mapping[str, Any]:
    """Return the fields of a request that ask for tokens.

    Args:
        kind: What the server says it is, as `owned_by` of its models.
        always: Ask one that is not known as well.
    """
    return _ASKED.get(kind or "", _VLLM if always else {})


class Samples:
    """Collects the tokens of one answer.

    Args:
        sampled: Where they go in the end.
        required: Their absence is an error.
    """

    def __init__(self, sampled: Sampled, *, required: bool) -> None:
        self._sampled, self._required = sampled, required
        self._prompt: list[int] | None = None
        self._ids: list[int] = []
        self._logprobs: list[float] = []
        self._version: str | None = None

    def add(self, chunk: Mapping[str, Any]) -> None:
        """Take an answer, or a chunk of one."""
        extension: Any = chunk.get("sglext") or {}
        choices: Any = chunk.get("choices") or []
        self._prompt = chunk.get("prompt_token_ids") or extension.get("input_ids") or self._prompt
        for choice in choices:
            self._ids += choice.get("token_ids") or []
            told: Any = choice.get("logprobs") or {}
            entries: Any = told.get("content") or []
            self._logprobs += [entry["logprob"] for entry in entries]
        self._ids += (extension.get("output_ids") or [[]])[0]
        metadata: Any = chunk.get("metadata") or {}
        version = metadata.get("weight_version") or chunk.get("system_fingerprint")
        self._version = str(version) if version else self._version

    def settle(self, num_tokens: int) -> str | None:
        """Write down what is whole, at the end of the answer, and return what is missing and required.

        Ids that are not as many as the tokens that were sampled are no record of them: some servers leave out those
        that they took apart, as of tool calls.

        Args:
            num_tokens: How many the server counted.
        """
        sampled = self._sampled
        sampled.weight_version = sampled.weight_version or self._version
        sampled.prompt_token_ids = tuple(self._prompt) if self._prompt else None
        sampled.completion_token_ids = tuple(self._ids) if len(self._ids) == num_tokens > 0 else None
        sampled.logprobs = tuple(self._logprobs) if len(self._logprobs) == num_tokens > 0 else None
        told = (sampled.prompt_token_ids, sampled.completion_token_ids, sampled.logprobs)
        if not self._required or None not in told:
            return None
        return (
            f"the model's server gave {len(self._ids)} token ids and {len(self._logprobs)} log-probabilities for "
            f"{num_tokens} tokens, and {len(self._prompt or ())} ids of the prompt; capture_tokens=always wants all"
        )
