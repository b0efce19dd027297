"""How tokens are chosen, and how likely each choice was."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from claudebox_rl.gateway.upstreams.transformers.library import torch, transformers


@dataclass(frozen=True, slots=True)
class Sampling:
    """One answer's settings."""

    max_tokens: int
    temperature: float = 1.0
    """0 takes the likeliest token."""
    top_k: int | None = None
    top_p: float | None = None
    stop_sequences: tuple[str, ...] = ()
    seed: int = 0


def seed_of(seed: int | None, prompt_ids: Sequence[int]) -> int:
    """Return an answer's own seed: from `seed` and the prompt, so the order of calls does not matter; None: any."""
    if seed is None:
        return secrets.randbits(63)
    digest = hashlib.sha256(f"{seed} {list(prompt_ids)}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


class Sampler:
    """Chooses each token, as the last of the logits processors of `generate`, and tells of it.

    `generate` is left no choice: it sees the chosen token alone. So the log-probability is that of the very
    distribution that was sampled from, after temperature, top_k and top_p, and the seed is not the process's.

    Args:
        sampling: The settings.
        on_token: Called with each token and the natural logarithm of its probability (0.0 where the temperature is 0,
            which leaves no choice); returns whether to go on.

    Attributes:
        finished: No more tokens are wanted.
    """

    def __init__(self, sampling: Sampling, on_token: Callable[[int, float], bool]) -> None:
        self._greedy = sampling.temperature == 0
        self._warpers = [] if self._greedy else _warpers(sampling)
        self._generator = torch.Generator().manual_seed(sampling.seed)
        self._on_token = on_token
        self.finished = False

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Choose, tell, and mask all other tokens."""
        if self.finished:  # `generate` may look one token ahead before it stops
            return scores
        token_id, logprob = self._choose(input_ids.cpu(), scores.float().cpu())
        self.finished = not self._on_token(token_id, logprob)
        chosen = torch.full_like(scores, float("-inf"))
        chosen[0, token_id] = 0.0
        return chosen

    def _choose(self, input_ids: Any, scores: Any) -> tuple[int, float]:
        if self._greedy:
            return int(scores[0].argmax()), 0.0
        for warp in self._warpers:
            scores = warp(input_ids, scores)
        logprobs = scores[0].log_softmax(-1)
        token_id = int(torch.multinomial(logprobs.exp(), 1, generator=self._generator))
        return token_id, float(logprobs[token_id])


class Stopper:
    """The stopping criterion of `generate`: the sampler has what it wants."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        """Tell whether the only sequence is done."""
        return torch.full((1,), self._sampler.finished, dtype=torch.bool, device=input_ids.device)


def _warpers(sampling: Sampling) -> list[Any]:
    warpers: list[Any] = []
    if sampling.temperature != 1:
        warpers.append(transformers.TemperatureLogitsWarper(float(sampling.temperature)))
    if sampling.top_k:
        warpers.append(transformers.TopKLogitsWarper(sampling.top_k))
    if sampling.top_p is not None and sampling.top_p < 1:
        warpers.append(transformers.TopPLogitsWarper(sampling.top_p))
    return warpers
