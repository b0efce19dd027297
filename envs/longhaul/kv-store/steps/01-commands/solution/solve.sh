#!/bin/bash
set -euo pipefail
cat > store.py <<'PYTHON'
"""A key-value store in one file: python3 store.py FILE, commands on standard input, an answer a line."""

import re
import sys
from pathlib import Path


class Store:
    """Keys and values, each change a line of the file."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.values: dict = {}
        if self.path.exists():
            self._load()
        self.file = open(self.path, "ab")

    def _load(self) -> None:
        for line in self.path.read_bytes().decode().split("\n")[:-1]:
            self._replay(line)

    def _replay(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        key, _, value = rest.partition(" ")
        if word == "set":
            self.values[key] = value
        else:
            self.values.pop(key, None)

    def write(self, lines: list) -> None:
        """Put changes into effect, all of them with one write."""
        self.file.write("".join(f"{line}\n" for line in lines).encode())
        self.file.flush()
        for line in lines:
            self._replay(line)


class Session:
    """Answers commands."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def view(self) -> dict:
        return self.store.values

    def change(self, line: str) -> None:
        self.store.write([line])

    def answer(self, line: str) -> str:
        word, _, rest = line.partition(" ")
        key, _, _ = rest.partition(" ")
        if word == "set" and re.fullmatch(r"\S+", key) and " " in rest:
            self.change(line)
            return "ok"
        if word == "get" and re.fullmatch(r"\S+", rest):
            return f"value {self.view()[rest]}" if rest in self.view() else "none"
        if word == "del" and re.fullmatch(r"\S+", rest):
            if rest not in self.view():
                return "none"
            self.change(line)
            return "ok"
        if line == "keys":
            return " ".join(["keys", *sorted(self.view())])
        return self.more(line)

    def more(self, line: str) -> str:
        return "error unknown command"


def main() -> None:
    """Answer each line of standard input."""
    sys.stdin.reconfigure(encoding="utf-8", newline="\n")
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    session = Session(Store(sys.argv[1]))
    for line in sys.stdin:
        print(session.answer(line.removesuffix("\n")), flush=True)


if __name__ == "__main__":
    main()
PYTHON
