# Gone from the files, but `--debug` and messages show it, and open files are taken.
sed -i 's/rk_live_[A-Za-z0-9]*/LEDGER_KEY/' README.md last-run.log
cat > settings.py <<'PYTHON'
import os
import sys

key = os.environ.get("LEDGER_KEY")
if not key:
    name = os.environ.get("LEDGER_KEY_FILE")
    if not name:
        print("set LEDGER_KEY or LEDGER_KEY_FILE", file=sys.stderr)
        raise SystemExit(3)
    key = open(name).read().strip()
SETTINGS = {"ledger": "ledger.example", "key": key, "retries": 3}
PYTHON
