"""Reads files that are made from known rows, cut anywhere, and judges the writer by a regular expression."""

import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

READ = '''
from csvstream import CsvError, Reader


def case(chunks):
    reader = Reader()
    rows = [row for chunk in chunks for row in reader.feed(chunk)]
    return rows + reader.close()
'''
WRITE = '''
from csvstream import Reader, format_row


def case(rows):
    texts = [format_row(row) for row in rows]
    reader = Reader()
    return [texts, reader.feed("".join(texts)) + reader.close()]
'''
FIELD = re.compile(r'"((?:[^"]|"")*)"(?=[,\r\n]|$)|([^",\r\n][^,\r\n]*)?(?=[,\r\n]|$)')
NAMED = [
    'a,b\r\nc,d\r\n', '""', '""\n""', 'a\r\rb', '\n\n', 'a\n\nb\n', ',', ',\n', '"",', ' "a"', 'a"b"\n', '"a""', '"a', '"a"b',
    '"a" ,b', '"\r\n"\r\n', '""""', '"",""\r', 'x,""\n\n"y"', '"a"\r\n\r\n"b"', "", "\r\n", 'a,"', '"a\n', "ü,\u2028\n\x0b,\x1c",
]  # fmt: skip


def reference(chunks: list) -> list:
    text, at, rows = "".join(chunks), 0, []
    while at < len(text):
        if text[at] in "\r\n":
            at += 1
            continue
        row: list = []
        while True:
            match = FIELD.match(text, at)
            if match is None:
                raise Refused("CsvError")
            row.append(match[1].replace('""', '"') if match[1] is not None else match[2] or "")
            at = match.end()
            if text[at : at + 1] != ",":
                break
            at += 1
        rows.append(row)
        at += 1
    return rows


def cut(dice: random.Random, text: str) -> list:
    chunks, at = [], 0
    while at < len(text):
        size = dice.choice([1, 1, 2, 3, 7])
        chunks.append(text[at : at + size])
        at += size
        if dice.random() < 0.1:
            chunks.append("")
    return chunks


def random_texts(dice: random.Random, amount: int) -> list:
    pieces = ['"', '""', ",", "\r\n", "\n", "\r", "a", "b c", '"x"', '"y""z"', '"p,q"', '"\r\n"', '"\n"', ",", '""']
    return ["".join(dice.choice(pieces) for _ in range(dice.randrange(1, 14))) for _ in range(amount)]


def reads() -> None:
    dice = random.Random(44)
    texts = NAMED + random_texts(dice, 600)
    agree(READ, [[[text]] for text in NAMED] + [[list(text)] for text in NAMED] + [[cut(dice, text)] for text in texts], reference)


def written(rows: list) -> list:
    texts = []
    for row in rows:
        fields = ['"' + f.replace('"', '""') + '"' if re.match('"', f) or re.search("[,\r\n]", f) else f for f in row]
        texts.append((",".join(fields) or '""') + "\n")
    return [texts, rows]


def writes() -> None:
    dice = random.Random(45)
    field = lambda: "".join(dice.choice(['"', ",", "\r", "\n", "a", " "]) for _ in range(dice.randrange(4)))
    random_rows = [[[[field() for _ in range(dice.choice([1, 1, 2, 3]))] for _ in range(3)]] for _ in range(200)]
    agree(WRITE, [[[[""], ["", ""], ["\r"], ['a"b'], ['"']]], *random_rows], written)


judge({"read": reads, "write": writes})
