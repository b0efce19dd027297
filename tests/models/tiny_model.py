"""A causal language model of a few hundred thousand weights, made here: nothing is downloaded.

It has what a real checkpoint has: a byte-level tokenizer, a chat template with tools and thinking in the form of Qwen
and Hermes, safetensors, and weights that can be taught to say something.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

TEMPLATE = Path(__file__).with_name("chat_template.jinja")
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
MARKS = ("<tool_call>", "</tool_call>", "<think>", "</think>")
"""Added tokens that are not special, as in Qwen's tokenizers."""
WINDOW = 128
SENTENCES = (
    "The quick brown fox jumps over the lazy dog, and then it writes the tests.",
    "# Tools: you may call one or more functions to assist with the user query.",
    '{"name": "Bash", "arguments": {"command": "ls -la", "description": "List the files of the folder"}}',
    "def add(a: int, b: int) -> int:\n    return a + b\n",
    "Größe, naïve, 東京, Ω, 🙂: letters that take more than one byte.",
)


def make_tiny_model(
    folder: Path, sentences: Iterable[str] = SENTENCES, *, vocab_size: int = 700, num_heads: int = 4, seed: int = 0
) -> Path:
    """Make tokenizer and random weights and save them as a checkpoint.

    Args:
        folder: Where; made if it is missing.
        sentences: What the tokenizer's merges are learned from. Any text can be encoded all the same.
        vocab_size: Largest number of tokens, 256 bytes and the added ones included.
        num_heads: Of attention, which share the 64 numbers of a token's state.
        seed: Of the weights.

    Returns:
        `folder`.
    """
    tokenizer = _tokenizer(sentences, vocab_size)
    tokenizer.save_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen2ForCausalLM(_config(tokenizer, num_heads))
    ends = tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>"])
    model.generation_config = GenerationConfig(eos_token_id=ends, pad_token_id=ends[1])
    model.save_pretrained(folder)
    return folder


def teach(
    folder: Path, lessons: Sequence[tuple[Sequence[int], Sequence[int]]], *, limit_s: float = 60.0, loss: float = 0.02
) -> float:
    """Train the saved weights until they answer each prompt with its completion, and save them.

    A layer looks back no further than `WINDOW` tokens and knows only distances, so the end of a prompt stands for all
    of it, and a lesson is short however long the prompt is.

    Args:
        folder: A model of `make_tiny_model`.
        lessons: Token ids of prompts and of what shall follow, with the token that ends a turn.
        limit_s: Longest time of the processor.
        loss: Stop once each completion's mean negative log-likelihood is below this.

    Returns:
        The greatest mean loss of a lesson at the end, in nats a token.
    """
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).train()
    reach = WINDOW * model.config.num_hidden_layers
    ids, labels = _batch([(list(prompt[-reach:]), list(completion)) for prompt, completion in lessons])
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a model is eight times slower on two cores that others use too
    try:
        worst = _descend(model, ids, labels, time.thread_time() + limit_s, loss)
    finally:
        torch.set_num_threads(num_threads)
    model.save_pretrained(folder)
    return worst


def _batch(lessons: Sequence[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs and labels, padded at the end, where no earlier token sees it; only completions have labels."""
    longest = max(len(prompt) + len(completion) for prompt, completion in lessons)
    ids, labels = torch.zeros(len(lessons), longest, dtype=torch.long), torch.full((len(lessons), longest), -100)
    for row, (prompt, completion) in enumerate(lessons):
        ids[row, : len(prompt) + len(completion)] = torch.tensor([*prompt, *completion])
        labels[row, len(prompt) : len(prompt) + len(completion)] = torch.tensor(completion)
    return ids, labels


def _descend(model: Qwen2ForCausalLM, ids: torch.Tensor, labels: torch.Tensor, until: float, loss: float) -> float:
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    counts, worst = (labels != -100).sum(1), float("inf")
    while worst > loss and time.thread_time() < until:
        optimizer.zero_grad()
        logits = model(input_ids=ids).logits[:, :-1].transpose(1, 2)
        losses = torch.nn.functional.cross_entropy(logits, labels[:, 1:], reduction="none").sum(1) / counts
        losses.sum().backward()
        optimizer.step()
        worst = losses.max().item()
    return worst


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """Load the tokenizer of a saved model."""
    return AutoTokenizer.from_pretrained(folder)


def _tokenizer(sentences: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(SPECIAL) - len(MARKS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(sentences, trainer)
    core.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIAL])
    core.add_tokens([AddedToken(name, special=False, normalized=False) for name in MARKS])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.chat_template = TEMPLATE.read_text("utf-8").removesuffix("\n")
    return tokenizer


def _config(tokenizer: PreTrainedTokenizerFast, num_heads: int) -> Qwen2Config:
    return Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=num_heads,
        num_key_value_heads=num_heads // 2,
        max_position_embeddings=65536,
        use_sliding_window=True,
        sliding_window=WINDOW,
        max_window_layers=0,
        tie_word_embeddings=True,
    )
