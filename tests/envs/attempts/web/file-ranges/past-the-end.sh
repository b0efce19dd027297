#!/bin/bash
# Takes a range that ends beyond the file for one that is not there.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat server.py)
sed -i 's/if first < size else ()/if first < size and last < size else ()/' server.py
python3 -c 'compile(open("server.py").read(), "server.py", "exec")'
[ "$(cat server.py)" != "$before" ]
