"""What a tiny model is taught to say, so that a test can ask for it."""

from __future__ import annotations

from pathlib import Path

from tiny_model import SENTENCES, load_tokenizer, make_tiny_model, teach

LOOK_PIECES = (
    "I l",
    "ook.\n",
    '<tool_call>{"name":"B',
    'ash",  "argu',
    'ments":{"comm',
    'and":"ls"}}',
    "</tool_call>",
    "<|im_end|>",
)
"""A call in other tokens, and with other white space, than the tokenizer and the template would write."""
LOOK = "".join(LOOK_PIECES)
SAID = {
    "greet": "Größe 🙂, naïve 東京!\nEnd",
    ("look", "x.py"): "There is x.py.",
    "think": "<think>\nhm, wait\n</think>\n\n"
    '<tool_call>\n{"name": "Bash", "arguments": {"command": "pwd"}}\n</tool_call>',
    ("think", "ok"): "So be it.",
    "malformed": 'Well: <tool_call>\n{"name": oops\n</tool_call> and so on',
    "nameless": '<tool_call>\n{"arguments": {}}\n</tool_call>',
    "unclosed": '<tool_call>\n{"name": "Bash", "argum',
    "both": "".join(
        f'<tool_call>\n{{"name": "Bash", "arguments": {{"command": "{name}"}}}}\n</tool_call>\n' for name in "ab"
    ),
}
"""By what the user said, and what the tool returned then."""


def look_ids(folder: Path) -> tuple[int, ...]:
    tokenizer = load_tokenizer(folder)
    return tuple(token_id for piece in LOOK_PIECES for token_id in tokenizer.encode(piece))


def taught_model(folder: Path) -> Path:
    """Make a model that has learned all of it."""
    make_tiny_model(folder, [*SENTENCES, LOOK, *SAID.values()], vocab_size=600)
    tokenizer = load_tokenizer(folder)

    def prompt(text: str) -> list[int]:
        return tokenizer.apply_chat_template(
            [{"role": "user", "content": text}], add_generation_prompt=True, return_dict=False
        )

    def result(text: str) -> list[int]:
        return tokenizer.encode(
            f"\n<|im_start|>user\n<tool_response>\n{text}\n</tool_response><|im_end|>\n<|im_start|>assistant\n"
        )

    look = look_ids(folder)
    think = tokenizer.encode(SAID["think"] + "<|im_end|>")
    lessons = [(prompt("look"), look), ([*prompt("look"), *look, *result("x.py")], said(tokenizer, ("look", "x.py")))]
    lessons.append(([*prompt("think"), *think, *result("ok")], said(tokenizer, ("think", "ok"))))
    lessons += [(prompt(asked), said(tokenizer, asked)) for asked in SAID if isinstance(asked, str)]
    loss = teach(folder, lessons, limit_s=60)
    assert loss < 0.1, f"the model did not learn in time: {loss}"
    return folder


def said(tokenizer, asked) -> list[int]:
    return tokenizer.encode(SAID[asked] + "<|im_end|>")
