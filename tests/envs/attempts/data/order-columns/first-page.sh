#!/bin/bash
# Reads only the first page of each column.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat answer.py)
sed -i 's/    while len(found) < chunk\[5\]:/    for _ in range(1):/' answer.py
[ "$(cat answer.py)" != "$before" ]
