"""Source text as the analysers see it: by language, under names of our own, without orders to the analyser."""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

LANGUAGES = {
    "python": ("py", "pyi"),
    "javascript": ("js", "cjs", "mjs", "jsx"),
    "typescript": ("ts", "tsx"),
    "c": ("c", "cpp", "cc", "cxx", "h", "hh", "hpp"),
    "java": ("java",),
    "csharp": ("cs",),
    "go": ("go",),
    "rust": ("rs",),
    "ruby": ("rb",),
    "php": ("php",),
    "swift": ("swift",),
    "scala": ("scala",),
    "kotlin": ("kt", "kts"),
    "lua": ("lua",),
    "perl": ("pl", "pm"),
    "r": ("r",),
}
"""Language -> extensions of its files."""
_LANGUAGE_OF = {extension: language for language, extensions in LANGUAGES.items() for extension in extensions}

# What switches an analyser off from inside a file, broken without moving a column. (ruff is told by an option.)
_ORDERS = re.compile(
    r"(?<=type)(:)(?=\s*ignore)|(?<=mypy)(:)|(?<=#)(l)(?=izard)|(?<=GENERATED)( )(?=CODE)", re.IGNORECASE
)
_COMMENT = re.compile(r"^\s*(?:#|//|/\*|\*)")
_NO_CODE = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
)


@dataclass(frozen=True, slots=True)
class Source:
    """One text to look at."""

    name: str
    """Of its copy; ours, so that nothing in the agent's own name counts."""
    language: str
    text: str

    def line(self, number: int) -> str:
        """Return a line (from 1) without the blanks around it; empty beyond the end."""
        lines = self.text.split("\n")
        return lines[number - 1].strip() if 1 <= number <= len(lines) else ""


def language_of(path: str) -> str | None:
    """Return the language of a file by its extension; None where no analyser knows it."""
    return _LANGUAGE_OF.get(PurePosixPath(path).suffix[1:].lower())


def source(path: str, text: str, name: str) -> Source | None:
    """Return a file's text, ready for the analysers; None where none knows its language."""
    language = language_of(path)
    if language is None:
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")
    return Source(f"{name}.{PurePosixPath(path).suffix[1:].lower()}", language, _ORDERS.sub(_other, text))


def _other(match: re.Match[str]) -> str:
    return "_" * len(match[0])


def code_lines(one: Source) -> Counter[str]:
    """Count the lines that hold code; comments, blanks, and all but the first line of a long string do not."""
    lines = one.text.split("\n")
    if one.language == "python":
        try:
            tokens = list(tokenize.generate_tokens(io.StringIO(one.text).readline))
            numbers = {token.start[0] for token in tokens if token.type not in _NO_CODE}
            return Counter(lines[number - 1].strip() for number in numbers if number <= len(lines))
        except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
            pass  # what does not parse is told by ruff; its lines are counted as they stand
    return Counter(line.strip() for line in lines if line.strip() and not _COMMENT.match(line))
