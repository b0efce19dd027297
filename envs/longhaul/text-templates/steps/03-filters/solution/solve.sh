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
        path, *filters = (part.strip() for part in inside.split("|"))
        default = [part for part in filters if part.startswith("default ")]
        try:
            value = self.lookup(path, values, at)
        except TemplateError as error:
            if not default or f"unknown {path}" not in str(error):
                raise
            value = None
        raw = False
        for part in filters:
            if part == "raw":
                raw = True
            elif part in ("upper", "lower"):
                value = getattr(str(value), part)()
            elif quoted := re.fullmatch(r'(default|join) "([^"]*)"', part):
                if quoted[1] == "default":
                    value = quoted[2] if value is None else value
                elif not isinstance(value, list):
                    fail(self.text, at, f"no list: {path}")
                else:
                    value = quoted[2].join(map(str, value))
            else:
                fail(self.text, at, f"unknown filter: {part}")
        return str(value) if raw else escaped(value)

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
            words = tag[2].split()
            if words and words[0] in ends and len(words) == 1:
                return blocks, (index, at)
            if len(words) == 2 and words[0] == "if":
                index, at = self.branch(blocks, words[1], index, tag)
            elif len(words) == 4 and words[0] == "for" and words[2] == "in" and PATH.fullmatch(words[1]) and "." not in words[1]:
                inside, (end, at) = self.closed(index, tag, ("endfor",))
                blocks.append(("for", words[1], words[3], inside, tag.start()))
                index = end + 1
            else:
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
            elif block[0] == "if":
                truth = self.lookup(block[1], values, block[4])
                done.append(self.output(block[2] if truth else block[3], values))
            elif block[0] == "for":
                items = self.lookup(block[2], values, block[4])
                if not isinstance(items, list):
                    fail(self.text, block[4], f"no list: {block[2]}")
                done += [self.output(block[3], {**values, block[1]: item}) for item in items]
        return "".join(done)

    def branch(self, blocks: list, path: str, index: int, tag: re.Match) -> tuple:
        inside, (end, at) = self.closed(index, tag, ("else", "endif"))
        other: list = []
        if self.parts[end][2].split() == ["else"]:
            other, (end, at) = self.closed(end, tag, ("endif",))
        blocks.append(("if", path, inside, other, tag.start()))
        return end + 1, at

    def closed(self, index: int, tag: re.Match, ends: tuple) -> tuple:
        inside, (end, at) = self.parse(index + 1, self.parts[index].end(), ends)
        if end == len(self.parts):
            fail(self.text, tag.start(), "never closed")
        return inside, (end, at)


def render(template: str, values: dict) -> str:
    """Return the text."""
    return Renderer(template).run(values)
PYTHON
