"""A model and its tokenizer, loaded once in a process and shared by its episodes."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway.upstreams.transformers.library import torch, transformers

_WEIGHTS = ("*.safetensors", "*.bin")
_KEPT = 2
"""A policy and one to hold it against; more would fill a card as training goes on."""


@dataclass(frozen=True, slots=True)
class Source:
    """What to load, and where to."""

    model: str
    """Folder of a checkpoint, or its id on the Hub."""
    revision: str | None = None
    device: str | None = None
    dtype: str = "auto"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A loaded model. One answer is sampled at a time; others wait for their turn in the order in which they came."""

    model: Any
    tokenizer: Any
    """For `rendering` only: it is no good for two threads at once."""
    reader: Any
    """A copy of the tokenizer that turns ids into text, for the sampling thread."""
    end_ids: frozenset[int]
    """Tokens that end a turn."""
    context_tokens: int | None
    """Longest prompt and answer together; None where the model does not tell."""
    weight_version: str
    sampling: ThreadPoolExecutor
    """One thread."""
    rendering: threading.Lock = field(default_factory=threading.Lock)


_loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")
_lock = threading.Lock()
_loading: dict[Source, Future[Checkpoint]] = {}
"""In the order in which they were asked for last."""


def load(source: Source) -> Future[Checkpoint]:
    """Load a checkpoint, unless this process has it or is at it; a load that failed is tried again.

    A process keeps the `_KEPT` that were asked for last; others go when their last episode ends. What a folder holds is
    not read again as long as its model is kept.

    Returns:
        Raises `GatewayError` where the checkpoint is missing, broken, too large, or has no chat template.
    """
    with _lock:
        known = _loading.pop(source, None)
        if known is None or (known.done() and known.exception() is not None):
            known = _loader.submit(_load, source)
        _loading[source] = known
        for other in list(_loading)[:-_KEPT]:
            if _loading[other].done():
                del _loading[other]
        return known


def _load(source: Source) -> Checkpoint:
    try:
        with _without_progress_bars():
            return _read(source)
    except GatewayError:
        raise
    except Exception as error:
        # The libraries below raise whatever they like; all of it means that there is no model.
        raise GatewayError(f"can't load the model {source.model}: {type(error).__name__}: {error}") from error


def _read(source: Source) -> Checkpoint:
    # A repository's own code would run on the host, beside the keys.
    where = {"pretrained_model_name_or_path": source.model, "revision": source.revision, "trust_remote_code": False}
    tokenizer = transformers.AutoTokenizer.from_pretrained(**where)
    if tokenizer.chat_template is None:
        raise GatewayError(f"the model {source.model} has no chat template")
    model = transformers.AutoModelForCausalLM.from_pretrained(**where, dtype=source.dtype)
    model = model.to(source.device or _best_device()).eval()
    end_ids = _end_ids(model, tokenizer)
    model.generation_config = transformers.GenerationConfig()  # else its defaults would mix with a request's settings
    return Checkpoint(
        model=model,
        tokenizer=tokenizer,
        reader=copy.deepcopy(tokenizer),
        end_ids=end_ids,
        context_tokens=getattr(model.config.get_text_config(), "max_position_embeddings", None),
        weight_version=getattr(model.config, "_commit_hash", None) or _digest(Path(source.model)),
        sampling=ThreadPoolExecutor(max_workers=1, thread_name_prefix="sampling"),
    )


@contextmanager
def _without_progress_bars() -> Generator[None]:
    """They would be drawn into what the program itself shows."""
    settings = transformers.utils.logging
    shown: bool = settings.is_progress_bar_enabled()
    settings.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            settings.enable_progress_bar()


def _end_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    ends: Any = model.generation_config.eos_token_id
    listed = cast("list[int]", ends) if isinstance(ends, list) else [ends, tokenizer.eos_token_id]
    return frozenset(each for each in listed if each is not None)


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _digest(folder: Path) -> str:
    """Digest the weights of a folder: names and content, since a training step changes neither shape nor size."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _WEIGHTS for path in folder.glob(pattern)):
        with path.open("rb") as file:
            digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return f"sha256:{digest.hexdigest()}"
