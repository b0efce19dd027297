"""A player without a plan."""

from __future__ import annotations

import random

from claudebox_rl.checking.player import Player, Role

_NUM_COMMANDS = 20
_FILE = '"${files[{index} % count]}"'
_COMMANDS = (
    "ls -la {file}",
    "cat {file} | head -n {number}",
    "wc -c {file}",
    "cp {file} copy-{number}",
    "sort {file} > sorted-{number}.txt",
    "grep -n {word} {file}",
    "echo {word} > {word}-{number}.txt",
    "echo {number} >> {word}.txt",
    "mkdir -p {word}/{number}",
    "touch {word}.py {word}.json",
    "echo '{{\"{word}\": {number}}}' > {word}.json",
    "date > {word}.log",
    "python3 -c 'print({number})'",
    "find . -name '*{word}*'",
    "chmod u+x {file}",
    "sleep 0.0{number}",
)
_WORDS = ("result", "answer", "output", "main", "test", "data", "report", "fix")


def random_player(seed: str) -> Player:
    """Return a player of twenty random, harmless shell commands; the same seed gives the same ones."""
    dice = random.Random(seed)
    lines = ["mapfile -t files < <(find . -type f | sort)", "count=$(( ${#files[@]} + 1 ))"]
    lines += [_command(dice) for _ in range(_NUM_COMMANDS)]
    doc = f"Runs {_NUM_COMMANDS} random shell commands that look around and make small files."
    return Player("random", Role.RANDOM, doc, "shell", "\n".join([*lines, "true"]))


def _command(dice: random.Random) -> str:
    file = _FILE.replace("{index}", str(dice.randrange(1000)))
    return dice.choice(_COMMANDS).format(file=file, number=dice.randrange(1, 10), word=dice.choice(_WORDS))
