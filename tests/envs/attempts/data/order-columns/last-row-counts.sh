#!/bin/bash
# Takes the row that comes last for the latest.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat answer.py)
sed -i 's/ or orders\[row\[0\]\]\[-1\] < row\[-1\]/ or True/' answer.py
[ "$(cat answer.py)" != "$before" ]
