"""The words of a command: quotes, escapes, braces and expansions."""

from __future__ import annotations

import codecs
import itertools
import re
from dataclasses import dataclass, replace

from claudebox_rl.session.security.shell.reading import Word

CAP_WORDS = 500
_TOO_MANY = (Word(None, is_many=True),)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a word.

    Attributes:
        text: What it is; None where it can't be known.
        is_quoted: Whether it is taken as it is: not split, no pattern.
        is_expanded: Whether it comes from a variable or a command.
        word: The expansion's value, where only something about it is known.
    """

    text: str | None
    is_quoted: bool = False
    is_expanded: bool = False
    word: Word | None = None


def unescape_plain(raw: str) -> list[Piece]:
    """Return the pieces of an unquoted text."""
    pieces: list[Piece] = []
    for part in re.split(r"(\\\n|\\.|\\$)", raw, flags=re.S):
        if part == "\\\n" or not part:
            continue
        pieces.append(Piece(part[1:] or "\\", is_quoted=True) if part[0] == "\\" else Piece(part))
    return pieces


def unescape_double(raw: str) -> str:
    """Return a text between double quotes, or of a here-document, without its escapes."""
    return re.sub(r"\\([$`\"\\\n])", lambda m: "" if m[1] == "\n" else m[1], raw)


def unescape_here(raw: str) -> str:
    """Return a here-document's text without its escapes."""
    return re.sub(r"\\([$`\\\n])", lambda m: "" if m[1] == "\n" else m[1], raw)


_ANSI = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ANSI_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|c(.)|(.))", re.S
)


def unescape_ansi(raw: str) -> str | None:
    """Return a text between `$'` and `'`; None where its bytes are no text, or end at a NUL."""
    out = bytearray()
    at = 0
    for match in _ANSI_ESCAPE.finditer(raw):
        out += raw[at : match.start()].encode()
        at = match.end()
        hexa, short, long, octal, control, plain = match.groups()
        if hexa or octal:
            out.append(int(hexa, 16) if hexa else int(octal, 8) & 255)
        elif short or long:
            code = int(short or long, 16)
            if code > 0x10FFFF:
                return None
            out += chr(code).encode(errors="replace")
        elif control:
            out.append(ord(control) & 31)
        else:
            out += (_ANSI.get(plain) or (plain if plain in "\\'\"?" else f"\\{plain}")).encode()
    out += raw[at:].encode()
    if b"\0" in out:
        return None
    try:
        return codecs.decode(bytes(out), "utf-8")
    except UnicodeDecodeError:
        return None


def _atoms(pieces: list[Piece]) -> list[Piece]:
    """Take unquoted literals apart, a character each, so that braces can be seen."""
    atoms: list[Piece] = []
    for piece in pieces:
        if piece.is_quoted or piece.is_expanded or piece.text is None:
            atoms.append(piece)
        else:
            atoms.extend(Piece(char) for char in piece.text)
    return atoms


def _is(atom: Piece, char: str) -> bool:
    return atom.text == char and not atom.is_quoted and not atom.is_expanded


def _range(body: list[Piece]) -> list[str] | None:
    if any(a.is_quoted or a.is_expanded or a.text is None for a in body):
        return None
    text = "".join(a.text or "" for a in body)
    if match := re.fullmatch(r"(-?\d{1,6})\.\.(-?\d{1,6})(?:\.\.(-?\d{1,6}))?", text):
        first, last, step = int(match[1]), int(match[2]), abs(int(match[3] or 1)) or 1
        width = max(len(match[1]), len(match[2])) if re.search(r"^-?0\d|\.\.-?0\d", text) else 0
        numbers = range(first, last + (1 if last >= first else -1), step if last >= first else -step)
        return [f"{n:0{width}d}" for n in numbers[: CAP_WORDS + 1]]
    if match := re.fullmatch(r"([a-zA-Z])\.\.([a-zA-Z])(?:\.\.(-?\d{1,3}))?", text):
        first, last, step = ord(match[1]), ord(match[2]), abs(int(match[3] or 1)) or 1
        letters = range(first, last + (1 if last >= first else -1), step if last >= first else -step)
        return [chr(n) for n in letters]
    return None


def expand_braces(pieces: list[Piece]) -> list[list[Piece]]:
    """Return the words that braces make of one; an empty list where they are too many."""
    if not any(not p.is_quoted and not p.is_expanded and p.text and "{" in p.text for p in pieces):
        return [pieces]
    return _expand(_atoms(pieces), [CAP_WORDS])


def _expand(atoms: list[Piece], left: list[int]) -> list[list[Piece]]:
    for start, atom in enumerate(atoms):
        if not _is(atom, "{"):
            continue
        depth, commas, end = 0, [start], None
        for i in range(start, len(atoms)):
            if _is(atoms[i], "{"):
                depth += 1
            elif _is(atoms[i], "}"):
                depth -= 1
                if depth == 0:
                    end = i
                    break
            elif depth == 1 and _is(atoms[i], ","):
                commas.append(i)
        if end is None:
            continue
        body = atoms[start + 1 : end]
        options: list[list[Piece]]
        if len(commas) > 1:
            edges = [*commas, end]
            options = [atoms[a + 1 : b] for a, b in itertools.pairwise(edges)]
        elif (numbers := _range(body)) is not None:
            options = [[Piece(n, is_quoted=True)] for n in numbers]
        else:
            continue
        middles = [word for option in options for word in _expand(option, left)]
        tails = _expand(atoms[end + 1 :], left)
        left[0] -= len(middles) * len(tails)
        if left[0] < 0:
            return []
        return [[*atoms[:start], *middle, *tail] for middle in middles for tail in tails]
    return [atoms]


_GLOB = re.compile(r"[*?\[]|[@+!]\(")


def to_fields(pieces: list[Piece], *, is_split_changed: bool) -> list[Word]:
    """Return the words that one word of the source becomes."""
    expanded = expand_braces(pieces)
    if not expanded:
        return list(_TOO_MANY)
    words = [field for one in expanded for field in _split(one, is_split_changed)]
    return words if len(words) <= CAP_WORDS else list(_TOO_MANY)


def _split(pieces: list[Piece], is_split_changed: bool) -> list[Word]:
    groups: list[list[Piece]] = []
    is_open = False
    for piece in pieces:
        is_bare = piece.is_expanded and not piece.is_quoted and piece.text is not None
        if is_bare and is_split_changed:
            parts: list[Piece | None] = [Piece(None, is_expanded=True)]
        elif is_bare:
            parts = _fields(piece.text or "")
        else:
            parts = [piece]
        for part in parts:
            if part is None:
                is_open = False
                continue
            if not is_open:
                groups.append([])
                is_open = True
            groups[-1].append(part)
    return [_join(group) for group in groups]


def _fields(text: str) -> list[Piece | None]:
    """Return the fields of an expansion's text; None stands for the space between two."""
    found: list[Piece | None] = []
    for at, part in enumerate(re.split(r"[ \t\n]+", text)):
        found += [None] if at else []
        found += [Piece(part)] if part else []
    return found


def _join(pieces: list[Piece]) -> Word:
    pieces = [piece for piece in pieces if piece.text != ""] or pieces[:1]
    if len(pieces) == 1 and (only := pieces[0].word) is not None:
        return only if pieces[0].is_quoted or not only.is_many else replace(only, is_many=True)
    if any(piece.text is None for piece in pieces):
        return _half_known(pieces)
    text = "".join(piece.text or "" for piece in pieces)
    plain = "".join(p.text or "" if not p.is_quoted else "x" * len(p.text or "") for p in pieces)
    if _GLOB.search(plain):
        pattern = "".join(re.sub(r"([*?\[])", r"[\1]", p.text or "") if p.is_quoted else p.text or "" for p in pieces)
        start = re.split(r"[*?\[]|[@+!]\(", pattern, maxsplit=1)[0]
        return Word(None, prefix=start, pattern=pattern)
    return Word(text)


def _half_known(pieces: list[Piece]) -> Word:
    texts = [piece.text for piece in pieces]
    first = texts.index(None)
    last = len(texts) - 1 - texts[::-1].index(None)
    prefix, suffix = "".join(t or "" for t in texts[:first]), "".join(t or "" for t in texts[last + 1 :])
    holes = [piece for piece in pieces if piece.text is None]
    inner = holes[0].word if len(holes) == 1 else None
    if not prefix and inner is not None:
        prefix = inner.prefix
    is_tame = all(hole.word is not None and hole.word.is_tame for hole in holes)
    is_many = any(not hole.is_quoted and (hole.word is None or hole.word.is_many) for hole in holes)
    return Word(None, prefix=prefix, suffix=suffix, is_many=is_many, is_tame=is_tame)
