#!/bin/bash
# Reads the whole file before it sends a part.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat server.py)
sed -i 's/        file.seek(first)/        file.seek(0); file.read(); file.seek(first)/' server.py
python3 -c 'compile(open("server.py").read(), "server.py", "exec")'
[ "$(cat server.py)" != "$before" ]
