#!/bin/bash
# Follows links out of the folder.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat server.py)
sed -i 's/not path.is_relative_to(ROOT) or //' server.py
python3 -c 'compile(open("server.py").read(), "server.py", "exec")'
[ "$(cat server.py)" != "$before" ]
