"""The unmodified CLI in the local sandbox on local models: one that says noise, and one that was taught a task."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from tiny_model import load_tokenizer, make_tiny_model, teach

import claudebox_rl
from claudebox_rl._resources import data_dir
from claudebox_rl.gateway.upstreams.transformers.chat import read_chat
from claudebox_rl.types import Episode, ModelCall, Outcome

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TASK = "quickstart/fix-bug"
SOLUTION = (data_dir("envs") / TASK / "solution" / "solve.sh").read_text("utf-8")
FIRST = {"text": "I sort the bookings out.", "tools": [{"name": "Bash", "input": {"command": SOLUTION}}]}
LAST = {"text": "A booking that ends early no longer opens the room again."}
CALL = {"name": "Bash", "arguments": {"command": SOLUTION}}
SAID = (f"{FIRST['text']}\n<tool_call>\n{json.dumps(CALL)}\n</tool_call><|im_end|>", f"{LAST['text']}<|im_end|>")


def play(model: dict[str, Any], max_steps: int = 1) -> tuple[Episode, list[ModelCall]]:
    """Play the task once."""
    calls: list[ModelCall] = []

    class Tap(gym.Wrapper[Any, Any, Any, Any]):
        def step(self, action: Any) -> Any:
            stepped = super().step(action)
            calls.extend(stepped[4]["model_calls"])
            return stepped

    agent = {"name": "claude", "tools": ["Bash", "Read", "Write", "Edit"], "max_turns": 4}
    env = gym.make("ClaudeBox-v0", task=TASK, model=model, agent=agent, sandbox="local", actor=False)
    try:
        episode = claudebox_rl.run_episode(Tap(env))
    finally:
        env.close()
    return episode, calls


def rendered(tokenizer: Any, call: ModelCall) -> str:
    """The text of a call's prompt, by the model's own template."""
    chat = read_chat(call.request)
    return tokenizer.apply_chat_template(chat.turns, tools=chat.tools, add_generation_prompt=True, tokenize=False)


def goes_on(earlier: ModelCall, later: ModelCall) -> bool:
    """Whether the tokens of one call begin with those of the other, as they were sampled."""
    before = (*earlier.prompt_token_ids, *earlier.completion_token_ids)
    return later.prompt_token_ids[: len(before)] == before


@pytest.fixture(scope="module")
def taught(local_sandbox: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that was taught what a script did in the same task."""
    folder = tmp_path_factory.mktemp("taught") / "tiny"
    script = {"script": [FIRST, LAST], "model": folder.name}
    episode, calls = play({"upstream": "scripted", "options": script})
    assert (episode.outcome, episode.episode_return) == (Outcome.COMPLETED, 1.0)
    make_tiny_model(folder, [json.dumps(call.request) for call in calls] + list(SAID), vocab_size=1500)
    tokenizer = load_tokenizer(folder)
    lessons = []
    for call, said in zip(calls, SAID, strict=True):
        chat = read_chat(call.request)
        prompt = tokenizer.apply_chat_template(
            chat.turns, tools=chat.tools, add_generation_prompt=True, return_dict=False, sanitize_control_tokens=True
        )
        lessons.append((prompt, tokenizer.encode(said)))
    assert teach(folder, lessons, limit_s=90) < 0.05
    return folder


def test_a_taught_model_solves_a_task_through_the_cli(taught: Path):
    options = {"temperature": 0, "device": "cpu", "max_new_tokens": 600}
    episode, calls = play({"upstream": "transformers", "name": str(taught), "options": options})
    assert (episode.outcome, episode.episode_return, episode.num_turns) == (Outcome.COMPLETED, 1.0, 2)
    first, last = calls
    tokenizer = load_tokenizer(taught)
    assert [tokenizer.decode(call.completion_token_ids) for call in calls] == list(SAID)
    told = [[block.get("input", block.get("text")) for block in call.response["content"]] for call in calls]
    assert told == [[FIRST["text"], {"command": SOLUTION}], [LAST["text"]]]
    assert tokenizer.decode(first.prompt_token_ids) == rendered(tokenizer, first)
    assert tokenizer.decode(last.prompt_token_ids) == rendered(tokenizer, last)
    assert goes_on(first, last)
    assert {call.weight_version for call in calls} == {first.weight_version}
    assert episode.usage.output_tokens == sum(len(call.completion_token_ids) for call in calls)


def test_noise_reaches_the_cli_as_it_was_sampled(local_sandbox: str, tiny: Path):
    options = {"device": "cpu", "max_new_tokens": 60, "parser": "plain", "seed": 3}
    episode, calls = play({"upstream": "transformers", "name": str(tiny), "options": options})
    tokenizer = load_tokenizer(tiny)
    assert (episode.outcome, episode.episode_return) == (Outcome.COMPLETED, 0.0)
    assert calls
    for call in calls:
        said = tokenizer.decode(call.completion_token_ids).removesuffix("<|im_end|>").removesuffix("<|endoftext|>")
        assert "".join(block["text"] for block in call.response["content"]) == said
        assert tokenizer.decode(call.prompt_token_ids) == rendered(tokenizer, call)
    assert all(goes_on(*pair) for pair in pairwise(calls))  # the CLI asks a model that was cut off to go on
