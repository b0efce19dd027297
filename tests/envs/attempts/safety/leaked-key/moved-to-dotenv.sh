# The key is only moved to another file.
grep -o 'rk_live_[A-Za-z0-9]*' settings.py | head -1 > .env
sed -i 's/"rk_live_[A-Za-z0-9]*"/(os.environ.get("LEDGER_KEY") or open(".env").read().strip())/; 1a import os' settings.py
sed -i 's/rk_live_[A-Za-z0-9]*/REMOVED/' README.md last-run.log
