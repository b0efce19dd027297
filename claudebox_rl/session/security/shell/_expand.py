"""From nodes of the tree to words: what quotes hold, and what expansions give."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell import _words
from claudebox_rl.session.security.shell._parameters import piece_of, variable
from claudebox_rl.session.security.shell._parser import text_of
from claudebox_rl.session.security.shell._words import Piece
from claudebox_rl.session.security.shell.reading import UNKNOWN, Word

if TYPE_CHECKING:
    from tree_sitter import Node

    from claudebox_rl.session.security.shell._around import Around
    from claudebox_rl.session.security.shell._reader import Reader
    from claudebox_rl.session.security.shell._scope import Scope

_EXPANSIONS = frozenset(
    {"simple_expansion", "expansion", "command_substitution", "process_substitution", "arithmetic_expansion"}
)
_CAP_WORDS = 5_000
_CAP_PIECES = 5_000
_TEXTS = frozenset({"regex", "extglob_pattern", "word"})
_INDEX_THAT_RUNS = re.compile(r"\[[^\]]*(\$\(|`)")


def _touch(left: Node, right: Node) -> bool:
    """Whether nothing stands between two nodes, save ends of lines that are taken back."""
    gap = right.start_byte - left.end_byte
    if gap < 2 or gap % 2 or left.parent is None:
        return gap == 0
    parent = left.parent
    at = left.end_byte - parent.start_byte
    return (parent.text or b"")[at : at + gap].replace(b"\\\n", b"") == b""


def words_of(reader: Reader, nodes: list[Node], scope: Scope, around: Around) -> list[Word]:
    """Return the words that nodes become; nodes that touch are one word."""
    if len(nodes) > _CAP_WORDS:
        reader.doubt(f"a command has more than {_CAP_WORDS} words")
        return [UNKNOWN]
    words: list[Word] = []
    group: list[Node] = []
    for node in nodes:
        if group and not _touch(group[-1], node):
            words.extend(word_of(reader, group, scope, around))
            group = []
        group.append(node)
    if group:
        words.extend(word_of(reader, group, scope, around))
    return words


def word_of(reader: Reader, nodes: list[Node], scope: Scope, around: Around) -> list[Word]:
    """Return what one word of the source becomes."""
    pieces = [piece for node in nodes for piece in pieces_of(reader, node, scope, around)]
    if len(pieces) > _CAP_PIECES:
        reader.doubt("a word has too many parts to be judged")
        return [UNKNOWN]
    words = _words.to_fields(pieces, is_split_changed=scope.is_split_changed)
    for word in words:
        if word.text and _INDEX_THAT_RUNS.search(word.text):
            reader.doubt("a text holds an index that would run a command where it is taken for arithmetic")
    return words


def value_of(reader: Reader, nodes: list[Node], scope: Scope, around: Around) -> Word:
    """Return what nodes become where words are not split: after `=`, in a here-string, as a redirect's target."""
    pieces = [
        replace(p, is_quoted=True) if p.is_expanded else p for n in nodes for p in pieces_of(reader, n, scope, around)
    ]
    pieces = [replace(p, is_quoted=True) for p in pieces]
    words = _words.to_fields(pieces, is_split_changed=False)
    word = words[0] if len(words) == 1 else Word("") if not words else UNKNOWN
    if word.text and _INDEX_THAT_RUNS.search(word.text):
        reader.doubt("a text holds an index that would run a command where it is taken for arithmetic")
    return word


def pieces_of(reader: Reader, node: Node, scope: Scope, around: Around) -> list[Piece]:
    """Return the pieces of a node of a word."""
    kind = node.type
    if kind in ("raw_string",):
        return [Piece(text_of(node)[1:-1], is_quoted=True)]
    if kind == "ansi_c_string":
        text = _words.unescape_ansi(text_of(node)[2:-1])
        if text is None:
            reader.doubt("a text in $'...' is cut by a NUL, or is no text")
        return [Piece(text, is_quoted=True)]
    if kind in ("string", "translated_string"):
        return _mixed(reader, node, scope, around)
    if kind in _EXPANSIONS:
        return _expansion(reader, node, scope, around, is_quoted=False)
    if kind in ("concatenation", "command_name"):
        return _joined(reader, node, scope, around)
    if kind == "$":
        return []
    for child in outer_expansions(node):
        _expansion(reader, child, scope, around, is_quoted=True)
    raw = text_of(node)
    if re.search(r"(?<!\\)[\s;|&<>]", raw) and kind == "word":
        reader.doubt("a word that the parser and a shell may take apart in other places")
    if kind not in (
        "word",
        "number",
        "brace_expression",
        "extglob_pattern",
        "regex",
        "variable_name",
        "special_variable_name",
        "test_operator",
    ):
        if not node.is_named and not any(c in raw for c in "$`\"'"):
            return _words.unescape_plain(raw)
        reader.doubt(f"`{raw[:40]}` can't be taken apart")
        return [Piece(None, is_expanded=True)]
    if any(c in raw.replace("\\", "") for c in "`\"'") and kind != "word":
        reader.doubt(f"`{raw[:40]}` can't be taken apart")
        return [Piece(None, is_expanded=True)]
    if re.search(r"(?<!\\)(\\\\)*[`\"']|(?<!\\)(\\\\)*\$[({\w]", raw):
        reader.doubt(f"`{raw[:40]}` can't be taken apart")
        return [Piece(None, is_expanded=True)]
    return _words.unescape_plain(raw)


def _joined(reader: Reader, node: Node, scope: Scope, around: Around) -> list[Piece]:
    pieces: list[Piece] = []
    end = node.start_byte
    for child in node.children:
        if child.start_byte != end:
            gap = (node.text or b"")[end - node.start_byte : child.start_byte - node.start_byte].decode(
                errors="replace"
            )
            if gap.replace("\\\n", ""):
                reader.doubt("a word that the parser and a shell may take apart in other places")
        pieces += pieces_of(reader, child, scope, around)
        end = child.end_byte
    return pieces


def _mixed(reader: Reader, node: Node, scope: Scope, around: Around) -> list[Piece]:
    source = node.text or b""
    first = source.find(b'"') + 1
    return mixed(reader, node, (first, len(source) - 1), scope, around)


def mixed(
    reader: Reader, node: Node, span: tuple[int, int], scope: Scope, around: Around, *, is_here: bool = False
) -> list[Piece]:
    """Return the pieces of a text with expansions in it; all that is no expansion is taken as it is written."""
    source = node.text or b""
    unescape = _words.unescape_here if is_here else _words.unescape_double
    pieces: list[Piece] = [Piece("", is_quoted=True)]
    at, end = span
    for child in outer_expansions(node):
        start = child.start_byte - node.start_byte
        start += len(child.text or b"") - len((child.text or b"").lstrip())
        if start < at:
            continue
        pieces.append(Piece(unescape(source[at:start].decode(errors="replace")), is_quoted=True))
        pieces += _expansion(reader, child, scope, around, is_quoted=True)
        at = child.end_byte - node.start_byte
    pieces.append(Piece(unescape(source[at:end].decode(errors="replace")), is_quoted=True))
    left = re.sub(rb"\\.", b"", source[at:end], flags=re.S)
    if b"`" in left or re.search(rb"\$[({\w]", left):
        reader.doubt("a text with an expansion that the parser does not see")
    return pieces


def outer_expansions(node: Node) -> list[Node]:
    """Return the expansions below a node that are not inside another."""
    found: list[Node] = []
    for child in node.children:
        if child.type in _EXPANSIONS:
            found.append(child)
        elif child.children:
            found += outer_expansions(child)
    return found


def read_inside(reader: Reader, node: Node, scope: Scope, around: Around) -> None:
    """Read what the expansions below a node run."""
    for child in outer_expansions(node):
        _expansion(reader, child, scope, around, is_quoted=True)
    for leaf in _leaves(node):
        if leaf.type in _TEXTS and re.search(r"(?<!\\)`|\$\(|[<>]\(", text_of(leaf)):
            reader.doubt("a text with an expansion that the parser does not see")


def _leaves(node: Node) -> list[Node]:
    if not node.children:
        return [node]
    return [leaf for child in node.children if child.type not in _EXPANSIONS for leaf in _leaves(child)]


def _expansion(reader: Reader, node: Node, scope: Scope, around: Around, *, is_quoted: bool) -> list[Piece]:
    kind = node.type
    if kind == "command_substitution":
        return [piece_of(_substitution(reader, node, scope, around), is_quoted)]
    if kind == "process_substitution":
        return [_process(reader, node, scope, around)]
    if kind == "arithmetic_expansion":
        read_inside(reader, node, scope, around)
        return [Piece(None, is_quoted=True, is_expanded=True, word=Word(None, is_tame=True))]
    if kind == "simple_expansion":
        return variable(scope, text_of(node).lstrip()[1:], is_quoted)
    from claudebox_rl.session.security.shell._braced import braced

    return braced(reader, node, scope, around, is_quoted)


def _substitution(reader: Reader, node: Node, scope: Scope, around: Around) -> Word:
    inner = scope.copy()
    source = text_of(node).lstrip()
    before = len(reader.notes.commands)
    if source.startswith("`"):
        body = re.sub(r"\\([$`\\])", r"\1", source[1:-1])
        out = reader.script(body, inner, around.inner())
    elif node.children and len(node.children) > 1 and node.children[1].type == "file_redirect":
        from claudebox_rl.session.security.shell._redirects import read_redirects

        io = read_redirects(reader, [node.children[1]], inner, around.inner())
        reader.run([Word("cat")], inner, io.around)
        out = io.around.stdin.text if io.around.stdin else None
    else:
        out = reader.statements(node.children, inner, around.inner())
    if out is not None:
        return Word(out.rstrip("\n"))
    return _shape(reader, before)


_TAME = frozenset(
    {"date", "nproc", "wc", "whoami", "hostname", "id", "uname", "expr", "getconf", "arch", "sha256sum", "md5sum"}
)
_WHICH = frozenset({"which", "type", "command"})


def _shape(reader: Reader, before: int) -> Word:
    """Return what is known of a substitution's output by the last command in it."""
    ran = reader.notes.commands[before:]
    if not ran:
        return UNKNOWN
    last = ran[-1]
    argv = last.argv
    if last.name in _TAME and len([c for c in ran if not c.via]) >= 1:
        has_format = last.name == "date" and any(a is None or (a.startswith("+") and "/" in a) for a in argv[1:])
        if not has_format:
            return Word(None, is_many=last.name in ("wc", "id", "date", "uname"), is_tame=True)
    if argv[:2] == ("git", "rev-parse") and len(ran) == 1:
        return Word(None, is_tame=not {"--show-toplevel", "--git-dir"} & set(argv))
    if argv == ("pwd",) and len(ran) == 1 and len(last.folders) == 1:
        return Word(None, prefix=last.folders[0])
    return UNKNOWN


def _process(reader: Reader, node: Node, scope: Scope, around: Around) -> Piece:
    source = text_of(node).lstrip()
    if source.startswith(">"):
        reader.doubt("`>(...)`: what such a process reads can't be known")
        reader.statements(node.children, scope.copy(), around.inner())
        return Piece(None, is_quoted=True, word=Word(None, prefix="/dev/fd/", is_feed=True))
    out = reader.statements(node.children, scope.copy(), around.inner())
    return Piece(None, is_quoted=True, word=Word(None, prefix="/dev/fd/", is_feed=True, feed=out))
