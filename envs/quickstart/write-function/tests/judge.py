"""Judges `parse_duration` and `format_duration` by durations whose seconds are known because they were made from them."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import call, expect, judge, same

UNITS = [("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1)]
VALID = [
    ("90s", 90), ("1h30m", 5400), ("2w 3d", 1468800), ("0090m", 5400), ("0s", 0), ("  5m", 300), ("5m  ", 300),
    ("1h   1s", 3601), ("100000s", 100000), ("0w0d0h0m0s", 0), ("25h", 90000), ("1w 1d 1h 1m 1s", 694861),
]
INVALID = [
    "", " ", "h", "5", "5 m", "1h 5", "m5", "-5s", "+5s", "1.5h", "1,5h", "5S", "1H", "1h1h", "1s1m", "30m1h", "1m 1m",
    "1y", "1ms", "1h,30m", "1h\t30m", "5s\n", "\n5s", "5\u00a0s", "5s\u00a0", "\u0665s", "\u00b2s", "1_0s", "0x1s",
    "1h and 5m", "1h30", "one hour", "1w2w", "1h 2w", "s", "5s;", "1e3s", "\u2003" + "5s", "5\u017f",
]  # fmt: skip


def random_valid(dice: random.Random) -> tuple:
    chosen = [unit for unit in UNITS if dice.random() < 0.5] or [dice.choice(UNITS)]
    text, seconds = " " * dice.randrange(3), 0
    for unit, size in chosen:
        number = dice.choice([0, 1, 7, 59, 60, 999, dice.randrange(10**6)])
        text += "0" * dice.randrange(3) + f"{number}{unit}" + " " * dice.randrange(3)
        seconds += number * size
    return text, seconds


def random_invalid(dice: random.Random) -> str:
    text = random_valid(dice)[0]
    at = dice.randrange(len(text) + 1)
    return text[:at] + dice.choice("xHMS.-+:\t\n\u00a0\u0661") + text[at:]


def accepts(pairs: list) -> None:
    answers = call("durations", "parse_duration", [[text] for text, _ in pairs])
    for (text, seconds), answer in zip(pairs, answers):
        expect(same(answer.get("value"), seconds), f"parse_duration({text!r}): wanted {seconds}, got {answer}")


def parse() -> None:
    dice = random.Random(604800)
    accepts(VALID + [random_valid(dice) for _ in range(300)])


def reject() -> None:
    accepts(VALID[:3])
    dice = random.Random(86400)
    texts = INVALID + [random_invalid(dice) for _ in range(300)]
    for text, answer in zip(texts, call("durations", "parse_duration", [[text] for text in texts])):
        expect("ValueError" in answer.get("error", []), f"parse_duration({text!r}): wanted ValueError, got {answer}")


def reference(seconds: int) -> str:
    days, seconds = seconds // 86400, seconds % 86400
    numbers = [days // 7, days % 7, seconds // 3600, seconds // 60 % 60, seconds % 60]
    return " ".join(f"{number}{unit}" for number, (unit, _) in zip(numbers, UNITS) if number) or "0s"


def formats() -> None:
    dice = random.Random(3600)
    numbers = [0, 1, 59, 60, 3600, 86399, 86400, 90061, 604799, 604800, 694861]
    numbers += [dice.randrange(10 ** dice.randrange(1, 9)) for _ in range(300)]
    for number, answer in zip(numbers, call("durations", "format_duration", [[number] for number in numbers])):
        wanted = reference(number)
        expect(same(answer.get("value"), wanted), f"format_duration({number}): wanted {wanted!r}, got {answer}")
    for answer in call("durations", "format_duration", [[-1], [-604800]]):
        expect("ValueError" in answer.get("error", []), f"a negative number: wanted ValueError, got {answer}")


judge({"parse": parse, "reject": reject, "format": formats}, partial=True)
