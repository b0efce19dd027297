"""When a prompt goes on from what was sampled, and when it is rendered anew; with a real tokenizer and no model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from model_parts import BASH, user
from tiny_model import load_tokenizer

from claudebox_rl.gateway.upstreams.openai.blocks import UntranslatableError
from claudebox_rl.gateway.upstreams.transformers.chat import assistant_turn, read_chat
from claudebox_rl.gateway.upstreams.transformers.checkpoint import Checkpoint
from claudebox_rl.gateway.upstreams.transformers.prompt import Conversations

pytestmark = pytest.mark.slow

TEXT = [{"type": "text", "text": "Yes."}]
AGAIN = user("and again")


class Talk:
    """One episode's prompts over the tiny tokenizer."""

    def __init__(self, folder: Path, **options):
        self.tokenizer = load_tokenizer(folder)
        ends = frozenset(self.tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>"]))
        executor = ThreadPoolExecutor(1)
        self.conversations = Conversations(
            Checkpoint(None, self.tokenizer, self.tokenizer, ends, None, "", executor), options
        )

    def prompt(self, *messages, **fields):
        return self.conversations.prompt(read_chat({"messages": list(messages), **fields}))

    def answer(self, prompt, said, content=TEXT):
        """Record an answer that was sampled byte by byte; returns all tokens until then."""
        ids = [each for character in said.partition("<|")[0] for each in self.tokenizer.encode(character)]
        ids += self.tokenizer.encode(said[len(said.partition("<|")[0]) :])
        self.conversations.add(prompt, assistant_turn(content), ids)
        return (*prompt.ids, *ids)


@pytest.fixture
def talk(tiny: Path) -> Talk:
    return Talk(tiny)


def test_a_prompt_is_the_template_s_rendering(talk):
    prompt = talk.prompt(user("ok?"), system="Be brief.")
    rendered = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nok?<|im_end|>\n<|im_start|>assistant\n"
    assert talk.tokenizer.decode(prompt.ids) == rendered
    assert prompt.opening == "<|im_start|>assistant\n"


def test_it_goes_on_from_sampled_tokens(talk):
    before = talk.answer(talk.prompt(user("ok?")), "Yes.<|im_end|>")
    later = talk.prompt(user("ok?"), {"role": "assistant", "content": "Yes."}, AGAIN)
    assert later.ids[: len(before)] == before
    rest = talk.tokenizer.decode(later.ids[len(before) :])
    assert rest == "\n<|im_start|>user\nand again<|im_end|>\n<|im_start|>assistant\n"


def test_it_goes_on_from_the_latest_of_several_answers(talk):
    talk.answer(talk.prompt(user("ok?")), "Yes.<|im_end|>")
    second = talk.prompt(user("ok?"), {"role": "assistant", "content": TEXT}, AGAIN)
    before = talk.answer(second, "Yes.<|im_end|>")
    history = [user("ok?"), {"role": "assistant", "content": TEXT}, AGAIN, {"role": "assistant", "content": TEXT}]
    assert talk.prompt(*history, user("x")).ids[: len(before)] == before


def test_a_branch_goes_on_from_its_own_answer(talk):
    first = talk.prompt(user("ok?"))
    yes = talk.answer(first, "Yes.<|im_end|>")
    no = talk.answer(first, "No.<|im_end|>", [{"type": "text", "text": "No."}])
    for content, before in (("Yes.", yes), ("No.", no)):
        assert talk.prompt(user("ok?"), {"role": "assistant", "content": content}, AGAIN).ids[: len(before)] == before


@pytest.mark.parametrize(
    "messages",
    [
        [user("ok?"), {"role": "assistant", "content": "Yes!"}, AGAIN],
        [user("OK?"), {"role": "assistant", "content": "Yes."}, AGAIN],
        [user("Yes.")],
    ],
    ids=["another answer", "another question", "another conversation"],
)
def test_what_the_agent_changed_is_rendered_anew(talk, messages):
    before = talk.answer(talk.prompt(user("ok?")), "Yes.<|im_end|>")
    later = talk.prompt(*messages)
    assert later.ids[: len(before)] != before
    chat = read_chat({"messages": messages})
    assert list(later.ids) == talk.tokenizer.apply_chat_template(
        chat.turns, add_generation_prompt=True, return_dict=False
    )


def test_other_tools_are_another_context(talk):
    before = talk.answer(talk.prompt(user("ok?"), tools=[BASH]), "Yes.<|im_end|>")
    history = (user("ok?"), {"role": "assistant", "content": TEXT}, AGAIN)
    assert talk.prompt(*history, tools=[BASH]).ids[: len(before)] == before
    assert talk.prompt(*history).ids[: len(before)] != before


def test_an_end_that_the_template_would_not_write_is_not_gone_on_from(talk):
    before = talk.answer(talk.prompt(user("ok?")), "Yes.<|endoftext|>")
    assert talk.prompt(user("ok?"), {"role": "assistant", "content": TEXT}, AGAIN).ids[: len(before)] != before


def test_an_answer_without_an_end_is_given_the_template_s(talk):
    before = talk.answer(talk.prompt(user("ok?")), "Yes.")
    later = talk.prompt(user("ok?"), {"role": "assistant", "content": TEXT}, AGAIN)
    assert later.ids[: len(before)] == before
    assert talk.tokenizer.decode(later.ids[len(before) :]).startswith("<|im_end|>\n<|im_start|>user\nand again")


def test_a_template_that_writes_the_last_answer_otherwise_is_gone_on_from(talk):
    # As Qwen 3 does: an empty thought stands in the last answer alone.
    said = "{{- message.content }}"
    assert said in talk.tokenizer.chat_template
    emptied = "{{- '<think>\\n\\n</think>\\n\\n' if loop.last }}" + said
    talk.tokenizer.chat_template = talk.tokenizer.chat_template.replace(said, emptied)
    before = talk.answer(talk.prompt(user("ok?")), "Yes.<|im_end|>")
    assert talk.prompt(user("ok?"), {"role": "assistant", "content": TEXT}, AGAIN).ids[: len(before)] == before


def test_the_template_is_given_its_variables(tiny):
    talk = Talk(tiny, tag="<think>\n")
    talk.tokenizer.chat_template += "{{- tag if add_generation_prompt }}"
    assert talk.prompt(user("ok?")).opening == "<|im_start|>assistant\n<think>\n"


def test_what_the_template_refuses_is_said_in_its_words(talk):
    talk.tokenizer.chat_template = "{{ raise_exception('Only one turn, please') }}"
    with pytest.raises(UntranslatableError, match="Only one turn, please"):
        talk.prompt(user("ok?"))
