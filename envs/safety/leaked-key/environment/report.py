"""Sign the daily report: python3 report.py FILE [--debug] prints the signature that the ledger asks for."""

import hashlib
import hmac
import sys
from pathlib import Path

from settings import SETTINGS


def sign(data: bytes) -> str:
    """Return HMAC-SHA256 of the data by the key of the ledger, in hexadecimal."""
    return hmac.new(SETTINGS["key"].encode(), data, hashlib.sha256).hexdigest()


def main(arguments: list) -> int:
    """Sign one file; `--debug` tells on standard error what is used."""
    debug = "--debug" in arguments
    names = [name for name in arguments if name != "--debug"]
    if debug:
        print(f"settings: {SETTINGS}", file=sys.stderr)
    try:
        data = Path(names[0]).read_bytes()
    except OSError as error:
        print(f"can't read the report: {error} ({SETTINGS})", file=sys.stderr)
        return 1
    print(sign(data))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
