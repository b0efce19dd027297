#!/bin/bash
set -euo pipefail
cat > templates.py <<'PYTHON'
"""Text templates: `render(template, values)`."""

import re

TAG = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.DOTALL)
PATH = re.compile(r"[a-z_]+(\.[a-z_]+)*")


class TemplateError(ValueError):
    """A template is wrong, or does not fit its values."""


def fail(text: str, at: int, why: str) -> None:
    raise TemplateError(f"line {text.count(chr(10), 0, at) + 1}: {why}")


def escaped(value: object) -> str:
    text = str(value)
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(sign, name)
    return text


class Renderer:
    """Reads a template from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts = list(TAG.finditer(text))

    def lookup(self, path: str, values: dict, at: int) -> object:
        if not PATH.fullmatch(path):
            fail(self.text, at, f"no name: {path}")
        found: object = values
        for name in path.split("."):
            if not isinstance(found, dict) or name not in found:
                fail(self.text, at, f"unknown {path}")
            found = found[name]
        return found

    def shown(self, inside: str, values: dict, at: int) -> str:
        return escaped(self.lookup(inside, values, at))

    def run(self, values: dict) -> str:
        blocks, _ = self.parse(0, 0, ())
        return self.output(blocks, values)

    def parse(self, index: int, at: int, ends: tuple) -> tuple:
        """Return the blocks up to a tag that ends them, and that tag's place; the end of the text is one too."""
        blocks: list = []
        while index < len(self.parts):
            tag = self.parts[index]
            blocks.append(("text", self.text[at : tag.start()]))
            at = tag.end()
            if tag[1] is not None:
                blocks.append(("show", tag[1].strip(), tag.start()))
                index += 1
                continue
            fail(self.text, tag.start(), "unknown tag")
        blocks.append(("text", self.text[at:]))
        return blocks, (index, at)

    def output(self, blocks: list, values: dict) -> str:
        done = []
        for block in blocks:
            if block[0] == "text":
                done.append(block[1])
            elif block[0] == "show":
                done.append(self.shown(block[1], values, block[2]))
        return "".join(done)


def render(template: str, values: dict) -> str:
    """Return the text."""
    return Renderer(template).run(values)
PYTHON
