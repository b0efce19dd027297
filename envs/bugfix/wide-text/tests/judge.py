"""Compares layouts with a reference that works on lists of marked characters."""

import random
import sys
import unicodedata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

WIDTH, CUT = "from layout.width import width as case", "from layout.cut import cut as case"
WRAP, TABLE = "from layout.wrap import wrap as case", "from layout.table import table as case"
LETTERS = ["a", "b", "W", "é", "e\u0301", "o\u0302\u0323", "日", "本", "ｶ", "Ａ", "…", "한", "ß", "\u0301", "٣", "²", "\u0a3e", "🙂", "\u3000", "\t"]


def size(text: str) -> int:
    total = 0
    for character in text:
        if unicodedata.combining(character) == 0:
            total += {"W": 2, "F": 2}.get(unicodedata.east_asian_width(character), 1)
    return total


def ends(text: str) -> list:
    """Give the places where a text may be split."""
    return [at for at in range(1, len(text)) if not unicodedata.combining(text[at])] + [len(text)]


def cut_reference(text: str, columns: int, mark: str = "…") -> str:
    if size(text) <= columns:
        return text
    if size(mark) > columns:
        return ""
    fitting = [text[:at] for at in ends(text) if size(text[:at]) + size(mark) <= columns]
    return (fitting[-1] if fitting else "") + mark


def wrap_reference(text: str, columns: int) -> list:
    lines: list = []
    for word in filter(None, text.split(" ")):
        if lines and size(lines[-1]) + 1 + size(word) <= columns:
            lines[-1] += " " + word
            continue
        while size(word) > columns:
            at = [at for at in ends(word) if size(word[:at]) <= columns][-1]
            lines.append(word[:at])
            word = word[at:]
        lines.append(word)
    return lines


def table_reference(rows: list, widest: int = 20) -> list:
    lines = [""] * len(rows)
    for number in range(len(rows[0])):
        texts = [cut_reference(row[number], min(widest, max(size(other[number]) for other in rows))) for row in rows]
        column = max(1, min(widest, max(size(row[number]) for row in rows))) if any(row[number] for row in rows) else 0
        digits = all(row[number] and set(row[number]) <= set("0123456789") for row in rows)
        for index, text in enumerate(texts):
            space = " " * (min(widest, max(size(row[number]) for row in rows)) - size(text)) if column or text else ""
            lines[index] += ("  " if number else "") + (space + text if digits else text + space)
    return [line.rstrip(" ") for line in lines]


def word(dice: random.Random, longest: int) -> str:
    return "".join(dice.choice(LETTERS) for _ in range(dice.randrange(longest + 1)))


def widths() -> None:
    dice = random.Random(1)
    agree(WIDTH, [[""], ["日本"], ["e\u0301"], ["\u0301"], ["Ａb"]] + [[word(dice, 12)] for _ in range(200)], size)


def cuts() -> None:
    dice = random.Random(2)
    cases = [["日本", 3], ["日本", 2], ["日本", 1], ["abc", 0], ["cafe\u0301s", 5], ["abcdef", 4, ""], ["abcdef", 2, "..."]]
    agree(CUT, cases + [[word(dice, 10), dice.randrange(12), dice.choice(["…", "", "...", "日"])] for _ in range(400)], cut_reference)


def wraps() -> None:
    dice = random.Random(3)
    text = lambda: " ".join(word(dice, dice.choice([3, 5, 14])) for _ in range(dice.randrange(8)))
    cases = [["", 5], ["   ", 5], ["aaa bbb", 7], ["aaaaaaaaaa b", 4], ["日本日本日", 3], [" a  b ", 9], ["ab abcdefgh ij", 5]]
    agree(WRAP, cases + [[text(), dice.choice([2, 3, 5, 8, 12])] for _ in range(400)], wrap_reference)


def tables() -> None:
    dice = random.Random(4)
    cell = lambda: dice.choice([word(dice, 6), word(dice, 30), str(dice.randrange(10**6)), str(dice.randrange(10))])
    cases = [[[["1", "2"], ["33", "x"]]], [[["٣"], ["10"]]], [[["²"], ["10"]]], [[["日本日本", "5"], ["a", "10"]], 5]]
    for _ in range(200):
        columns = dice.randrange(1, 4)
        kinds = [dice.random() < 0.4 for _ in range(columns)]
        cases.append([[[str(dice.randrange(2000)) if kind else cell() for kind in kinds] for _ in range(3)], dice.choice([4, 10, 20])])
    agree(TABLE, cases, table_reference)


judge({"width": widths, "cut": cuts, "wrap": wraps, "table": tables})
