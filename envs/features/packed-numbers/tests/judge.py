"""Packs by a reference of its own, and makes messages of other blocks and broken ones."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

PACK, UNPACK = "from sensors.packing import pack as case", "from sensors.packing import unpack as case"
LARGE = "from sensors.packing import unpack\ndef case(text):\n    found = unpack(text)\n    return [len(found), found[0], found[-1]]"


def varint(number: int) -> list:
    bits = f"{number:b}"
    bits = "0" * (-len(bits) % 7) + bits
    groups = [int(bits[at : at + 7], 2) for at in range(0, len(bits), 7)][::-1]
    return [group + 128 for group in groups[:-1]] + groups[-1:]


def signed(number: int) -> list:
    return varint(abs(number) * 2 - (number < 0))


def closed(data: list) -> str:
    return bytes([*data, sum(data) % 256]).hex()


def message(count: int, blocks: list) -> str:
    data = [0x53, *varint(count)]
    for kind, length, numbers in blocks:
        data += varint(4 * length + kind)
        for number in numbers:
            data += signed(number)
    return closed(data)


def pack(series: list) -> str:
    blocks: list = []
    rest = list(series)
    while rest:
        differences = [b - a for a, b in zip(rest, rest[1:])]
        same = next((at for at, d in enumerate(differences) if d != differences[0]), len(differences)) + 1
        if differences and same >= 3 and differences[0] == 0:
            blocks.append([1, same, rest[:1]])
        elif differences and same >= 4:
            blocks.append([2, same, [rest[0], differences[0]]])
        elif blocks and blocks[-1][0] == 0:
            blocks[-1][1] += 1
            blocks[-1][2].append(rest[0])
            same = 1
        else:
            blocks.append([0, 1, rest[:1]])
            same = 1
        rest = rest[same:]
    return message(len(series), blocks)


def random_series(dice: random.Random) -> list:
    series: list = []
    for _ in range(dice.randrange(8)):
        first, length = dice.choice([0, 1, -1, 63, 64, -64, -65, dice.randrange(-(10**6), 10**6), 2**70, -(2**63)]), dice.randrange(1, 7)
        step = dice.choice([0, 0, 1, -1, 7, 10**9])
        series += [first + step * number for number in range(length)]
    return series


def random_message(dice: random.Random) -> tuple:
    blocks, series = [], []
    for _ in range(dice.randrange(6)):
        kind, length = dice.randrange(3), dice.choice([1, 2, 3, 5, 100])
        first, step = dice.randrange(-300, 300), dice.choice([0, 1, -5, 10**12])
        if kind == 0:
            numbers = [dice.randrange(-(2**40), 2**40) for _ in range(length)]
            series += numbers
        elif kind == 1:
            numbers = [first]
            series += numbers * length
        else:
            length, numbers = max(3, length), [first, step]
            series += [first + step * number for number in range(length)]
        blocks.append((kind, length, numbers))
    return message(len(series), blocks), series


def packs() -> None:
    dice = random.Random(1)
    named = [[], [0], [5, 5], [5, 5, 5], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 4, 4], [7, 7, 7, 8, 9, 10], [1, 1, 2, 3, 4], [127], [128], [-1], [2**100], [1, 3, 5, 7, 9, 9, 9, 9], [0] * 500, list(range(500)), [1, 1, 3, 3, 5, 5], [9, 1, 2, 3, 9]]
    agree(PACK, [[series] for series in named + [random_series(dice) for _ in range(400)]], pack)


def unpacks() -> None:
    dice = random.Random(2)
    wanted = dict(random_message(dice) for _ in range(300))
    for _ in range(200):
        series = random_series(dice)
        wanted[pack(series)] = series
    wanted[pack([171, 186]).upper()] = [171, 186]
    agree(UNPACK, [[text] for text in wanted], lambda text: wanted[text])
    agree(LARGE, [[message(10**6, [(1, 10**6, [7])])], [message(10**6, [(2, 10**6, [5, -1])])]], lambda text: [10**6, 7, 7] if text == message(10**6, [(1, 10**6, [7])]) else [10**6, 5, 6 - 10**6])


def refuses() -> None:
    good = message(5, [(0, 2, [1, 300]), (1, 3, [9])])
    bad = ["", "53", "5300", "zz", good[:-1], good + "00", good[2:], " " + good, good + "\n", good[:-2] + f"{(int(good[-2:], 16) + 1) % 256:02x}", "5٣00", "0x53"]
    bad += [message(4, [(0, 2, [1, 300]), (1, 3, [9])]), message(6, [(0, 2, [1, 300]), (1, 3, [9])]), message(0, [(0, 1, [1])]), message(3, [(3, 3, [1, 1])]), message(2, [(2, 2, [1, 1])]), message(1, [(2, 1, [1, 1])]), message(0, [(1, 0, [5])]), message(2, [(0, 0, []), (0, 2, [1, 2])])]
    bad += [closed([0x54, 0]), closed([0x53, 0x80, 0]), closed([0x53, 1, 4, 0x81, 0]), closed([0x53, 1, 0x84, 0, 2]), closed([0x53, 1, 4]), closed([0x53, 1, 4, 0x80]), closed([0x53]), closed([0x53, 0x80]), closed([0x53, 2, 8, 2]), closed([0x53, 1, 5]), closed([0x53, 0, 0])]
    bad += [message(1, [(1, 10**15, [5])]), message(10**15, [(1, 10**15, [5])]), message(1_000_001, [(1, 1_000_001, [5])]), message(3, [(2, 10**12, [5, 1])]), message(5, [(1, 6, [5])]), message(2**64, [])]
    dice = random.Random(3)
    for _ in range(150):
        text = random_message(dice)[0]
        at = dice.randrange(len(text))
        bad.append(text[:at] + dice.choice([each for each in "0123456789abcdef" if each != text[at]]) + text[at + 1 :])
    right = {good: [1, 300, 9, 9, 9], closed([0x53, 0]): []}

    def reference(text: str) -> list:
        if text in right:
            return right[text]
        raise Refused("PackError")

    agree(UNPACK, [[text] for text in [*right, *bad]], reference, timeout_s=20)


judge({"pack": packs, "unpack": unpacks, "refuse": refuses}, partial=True)
