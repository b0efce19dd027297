#!/bin/bash
# Takes the columns in the order of the description.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat answer.py)
sed -i 's/chunks = {chunk.*/chunks = {name: chunk[3] for name, chunk in zip(COLUMNS, group[1])}/' answer.py
[ "$(cat answer.py)" != "$before" ]
