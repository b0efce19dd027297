"""Compares lines with those of the whole bytes, merged files with a sort, and counts open files."""

import random
import sys
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

LINES = '''
from logs.lines import lines


def case(chunks):
    return list(lines(bytes.fromhex(chunk) for chunk in chunks))
'''
MERGED = '''
import gc, os, tempfile
from logs.merge import merged


def case(files, take):
    gc.disable()
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, content in enumerate(files):
            paths.append(os.path.join(folder, str(number)))
            with open(paths[-1], "wb") as file:
                file.write(content.encode())
        before = len(os.listdir("/dev/fd"))
        generator = merged(paths)
        seen = [line for line, _ in zip(generator, range(take))]
        generator.close()
        return [seen, len(os.listdir("/dev/fd")) - before]
'''
PIECES = [b"a", b"b c", b"\n", b"\r\n", b"\r", "é".encode(), "日".encode(), "🙂".encode(), b"\xc3", b"\xff", b"\xe6\x97", b"\xef\xbb\xbf", b"\xf0\x9f"]
PIECES += ["\u2028".encode(), "\x85".encode(), b"\x0c", b"\x1c", b"\n", b"\x0b"]


def lines_reference(chunks: list) -> list:
    text = bytes.fromhex("".join(chunks)).decode("utf-8", "replace")
    text = text[1:] if text[:1] == "\ufeff" else text
    ended, rest = text.split("\n")[:-1], text.split("\n")[-1]
    return [line[:-1] if line[-1:] == "\r" else line for line in ended] + ([rest] if rest else [])


def cut(dice: random.Random, content: bytes) -> list:
    chunks = []
    while content:
        size = dice.choice([0, 1, 1, 2, 3, 20])
        chunks.append(content[:size].hex())
        content = content[size:]
    return chunks


def reads() -> None:
    dice = random.Random(8)
    named = [[], [b"".hex()], ["efbb", "bf61"], ["61", "efbbbf"], ["c3", "a9", "0a"], ["61e2"], ["0d", "0a"], ["61", "0d"], ["610a", "efbbbf62"]]
    agree(LINES, [[chunks] for chunks in named] + [[cut(dice, b"".join(dice.choice(PIECES) for _ in range(dice.randrange(15))))] for _ in range(600)], lines_reference)


def moment(line: str) -> object:
    try:
        time = datetime.fromisoformat(line.split(" ")[0])
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).timestamp()


def merged_reference(files: list, take: int) -> list:
    marked = []
    for number, content in enumerate(files):
        latest = -(10.0**15)
        for place, line in enumerate(content.split("\n")[:-1]):
            own = moment(line)
            latest = latest if own is None else max(latest, own)
            marked.append((latest, number, place, line))
    return [[line for *_, line in sorted(marked)][:take], 0]


def random_file(dice: random.Random) -> str:
    content, minute = "", dice.randrange(300)
    for number in range(dice.choice([0, 3, 8, 8, 150])):
        minute += dice.choice([0, 1, 5, 30, -2])
        zone = dice.choice(["", "+00:00", "+00:00", "+02:00", "-05:30"])
        stamp = f"2024-05-0{1 + dice.randrange(2)}T{minute // 60 % 24:02}:{minute % 60:02}:00{zone} "
        content += (stamp if dice.random() < 0.85 else dice.choice(["", "  at ", "x"])) + f"{dice.choice(['é', 'z', 'a'])}{number}{' more' * dice.randrange(20)}\n"
    return content


def merges() -> None:
    dice = random.Random(9)
    named = [[["2024-05-01T12:00:00+02:00 a\n", "2024-05-01T11:00:00 b\n"], 9], [["2024-05-01 z\n", "2024-05-01 a\n"], 9], [["x\n2024-05-01 b\n", "0001-01-01 c\n"], 9]]
    agree(MERGED, named + [[[random_file(dice) for _ in range(dice.randrange(1, 5))], dice.choice([0, 1, 3, 1000])] for _ in range(120)], merged_reference)


judge({"lines": reads, "merged": merges})
