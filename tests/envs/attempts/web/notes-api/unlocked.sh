#!/bin/bash
# Looks at If-Match only before the body is read.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat server.py)
sed -i '/^        with lock:$/{N;/must_match(number, needed=True)/{s/\n.*//;s/with lock:/time.sleep(0.05)\n        with lock:/}}; s/^import sys/import sys\nimport time/' server.py
[ "$(cat server.py)" != "$before" ]
