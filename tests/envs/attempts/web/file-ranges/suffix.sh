#!/bin/bash
# Takes the last bytes for the first ones.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat server.py)
sed -i 's/first, last = max(0, size - int(found\[2\])), size - 1/first, last = 0, min(int(found[2]), size - 1)/' server.py
python3 -c 'compile(open("server.py").read(), "server.py", "exec")'
[ "$(cat server.py)" != "$before" ]
