#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path

file = Path("store.py")
code = file.read_text()
start, end = code.index("    def _load"), code.index("class Session:")
code = code[:start] + r'''    def _load(self) -> None:
        """Read record by record: length and check sum of 8 hexadecimal digits each, a check sum of these, then the changes."""
        data, at = self.path.read_bytes(), 0
        while at < len(data):
            head, body = data[at : at + HEAD], b""
            if len(head) == HEAD and not is_head(head):
                raise Damaged(at)
            if len(head) == HEAD:
                length = int(head[:8], 16)
                body = data[at + HEAD : at + HEAD + length]
            if len(head) < HEAD or len(body) < length:
                os.truncate(self.path, at)  # a crash cut it: it never was
                return
            if zlib.crc32(body) != int(head[8:16], 16):
                raise Damaged(at)
            for line in body.decode().split("\n"):
                replay(self.values, line)
            at += HEAD + length

    def write(self, lines: list) -> None:
        """Put changes into effect, all of them as one record."""
        if not lines:
            return
        body = "\n".join(lines).encode()
        head = f"{len(body):08x}{zlib.crc32(body):08x}".encode()
        self.file.write(head + f"{zlib.crc32(head):08x}".encode() + body)
        self.file.flush()
        for line in lines:
            replay(self.values, line)


''' + code[end:]
code = code.replace("import re\n", "import os\nimport re\n").replace("import sys\n", "import sys\nimport zlib\n")
code = code.replace("class Store:", '''HEAD = 24


class Damaged(Exception):
    """A record is not what was written; the argument is its offset."""


def is_head(head: bytes) -> bool:
    """Whether a record begins with this. Exactly as it was written: `int` takes capitals and blanks too."""
    return re.fullmatch(rb"[0-9a-f]{24}", head) is not None and zlib.crc32(head[:16]) == int(head[16:], 16)


class Store:''', 1)
code = code.replace("    session = Session(Store(sys.argv[1]))\n", '''    try:
        session = Session(Store(sys.argv[1]))
    except Damaged as damaged:
        print(f"{sys.argv[1]} is damaged at offset {damaged}", file=sys.stderr)
        raise SystemExit(2) from None
''')
file.write_text(code)
PYTHON
