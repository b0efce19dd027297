"""Names in a text that can't be judged: whether one stands there, also behind what a shell takes away."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from claudebox_rl.session.security.shell.reading import Command, Word

_QUOTES = re.compile(r"[\\'\"]")
_ESCAPE = re.compile(r"\\+(?:[abefnrtv]|x[0-9a-fA-F]{2}|[0-7]{3})|\$\{\w+:?[-=+?]|%s")
"""What may stand right before a name without being a part of it."""
_EMPTY = re.compile(r"\$[@*]|\$\{[^{}]*\}|\$\([^()]*\)|`[^`]*`|[\[\]]")
"""What may be nothing within a name, and brackets around one of its letters."""

_BETWEEN = re.compile(r"[\s;|&<>()'\"`]+")


def shows(text: str, *names: str) -> bool:
    """Say whether all of these names stand in a text as words of their own, in one of its forms."""
    words = [re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])") for name in names]
    return any(all(word.search(form) for word in words) for form in _forms(text))


def with_words_of(text: str, command: Command) -> Command:
    """Return a command as if the words of its whole script were its own: one that can't be known may be any of them."""
    if command.name is None:
        return command
    words = (Word(word, pattern=word if "*" in word else None) for word in _BETWEEN.split(text) if word)
    own = [word for word in command.words if word.text is not None]
    return replace(command, words=(*own, *(replace(word, text=None) if word.pattern else word for word in words)))


@lru_cache(maxsize=8)
def _forms(text: str) -> tuple[str, ...]:
    forms = [_QUOTES.sub("", each) for each in (text, _ESCAPE.sub(" ", text), _EMPTY.sub("", text))]
    if "IFS" in text:
        forms.append(re.sub(r"[\W_]+", " ", text))
    return tuple(dict.fromkeys([*forms, *(form.lower() for form in forms)]))
