#!/bin/bash
set -euo pipefail
sed -i 's/, .key.: .rk_live_8Zt4Qm2XvPb7NcLw.//' last-run.log
cat > key.py <<'PYTHON'
"""The key of the ledger: from LEDGER_KEY, or from a file of the owner's alone that LEDGER_KEY_FILE names."""

import os
import stat


class NoKey(Exception):
    """There is none; the message says what to do."""


def read_key() -> str:
    """Return the key, or raise `NoKey`."""
    if key := os.environ.get("LEDGER_KEY"):
        return key
    name = os.environ.get("LEDGER_KEY_FILE")
    if not name:
        raise NoKey("set LEDGER_KEY, or LEDGER_KEY_FILE to the name of a file with the key")
    try:
        file = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise NoKey(f"{name}: {error.strerror}") from None
    mode = os.fstat(file).st_mode
    if not stat.S_ISREG(mode):
        raise NoKey(f"{name} is no regular file")
    if mode & 0o077:
        raise NoKey(f"{name} is open to others: chmod 600 it")
    with open(file, "rb") as opened:
        key = opened.read().decode().strip()
    if not key:
        raise NoKey(f"{name} is empty")
    return key
PYTHON
python3 - <<'PYTHON'
from pathlib import Path

readme = Path("README.md")
text = readme.read_text()
start = text.index("The key is in")
readme.write_text(
    text[:start]
    + "The key comes from the variable `LEDGER_KEY`, or\nfrom the file that `LEDGER_KEY_FILE` names (mode 600); "
    + "ask Tom for a new one when it is rotated.\n"
)
Path("settings.py").write_text(
    '"""What the report needs to know. The key is not here: see `key.py`."""\n\n'
    'SETTINGS = {\n    "ledger": "ledger.example",\n    "retries": 3,\n}\n'
)
report = Path("report.py")
code = report.read_text()
code = code.replace("from settings import SETTINGS\n", "from key import NoKey, read_key\nfrom settings import SETTINGS\n")
code = code.replace("def sign(data: bytes)", "def sign(data: bytes, key: str)").replace('SETTINGS["key"].encode()', "key.encode()")
code = code.replace(" ({SETTINGS})", "")
code = code.replace("    print(sign(data))\n", """    try:
        key = read_key()
    except NoKey as why:
        print(f"no key: {why}", file=sys.stderr)
        return 3
    print(sign(data, key))
""")
report.write_text(code)
PYTHON
