"""A quickstart task played by the unmodified CLI in the local sandbox, and a model that was taught to solve it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium as gym
from tiny_model import load_tokenizer, make_tiny_model, teach

import claudebox_rl
from claudebox_rl._resources import data_dir
from claudebox_rl.gateway.upstreams.transformers.chat import read_chat
from claudebox_rl.trajectory import EpisodeRecord, commit
from claudebox_rl.types import ModelCall, Outcome

TASK = "quickstart/fix-bug"
SOLUTION = (data_dir("envs") / TASK / "solution" / "solve.sh").read_text("utf-8")
FIRST = {"text": "I sort the bookings out.", "tools": [{"name": "Bash", "input": {"command": SOLUTION}}]}
LAST = {"text": "A booking that ends early no longer opens the room again."}
CALL = {"name": "Bash", "arguments": {"command": SOLUTION}}
SAID = [f"{FIRST['text']}\n<tool_call>\n{json.dumps(CALL)}\n</tool_call><|im_end|>", f"{LAST['text']}<|im_end|>"]
TOLD = [[FIRST["text"], {"command": SOLUTION}], [LAST["text"]]]
"""What the CLI is told by that: texts, and inputs of tools."""


def play(model: dict[str, Any], dataset: Path) -> EpisodeRecord:
    """Play the task once and store it; the policy gives the instruction and submits."""
    agent = {"name": "claude", "tools": ["Bash", "Read", "Write", "Edit"], "max_turns": 4}
    env = gym.make("ClaudeBox-v0", task=TASK, model=model, agent=agent, sandbox="local", actor=False)
    try:
        episode = claudebox_rl.run_episode(env, dataset=dataset)
    finally:
        env.close()
    commit(dataset)
    return claudebox_rl.load_dataset(dataset)[episode.episode_id]


def make_solver(folder: Path, *, num_heads: int = 4) -> Path:
    """Make a model and teach it what a script did in the task, from the very requests of the CLI."""
    script = {"script": [FIRST, LAST], "model": folder.name}
    record = play({"upstream": "scripted", "options": script}, folder.with_name("lessons"))
    assert (record.episode.outcome, record.episode.episode_return) == (Outcome.COMPLETED, 1.0)
    texts = [json.dumps(call.request) for call in record.model_calls] + SAID
    make_tiny_model(folder, texts, vocab_size=1500, num_heads=num_heads)
    tokenizer = load_tokenizer(folder)
    lessons = [
        (tokenizer.encode(rendered(tokenizer, call)), tokenizer.encode(said))
        for call, said in zip(record.model_calls, SAID, strict=True)
    ]
    loss = teach(folder, lessons)
    assert loss < 0.05, f"the model did not learn in time: {loss}"
    return folder


def rendered(tokenizer: Any, call: ModelCall) -> str:
    """The text of a call's prompt, by the model's own template."""
    chat = read_chat(call.request)
    return tokenizer.apply_chat_template(chat.turns, tools=chat.tools, add_generation_prompt=True, tokenize=False)


def told(call: ModelCall) -> list[Any]:
    """What an answer told the CLI: texts, and inputs of tools."""
    assert call.response is not None
    return [block["text"] if block["type"] == "text" else block["input"] for block in call.response["content"]]


def goes_on(earlier: ModelCall, later: ModelCall) -> bool:
    """Whether the tokens of one call begin with those of the other, as they were sampled."""
    before = (*(earlier.prompt_token_ids or ()), *(earlier.completion_token_ids or ()))
    return (later.prompt_token_ids or ())[: len(before)] == before
