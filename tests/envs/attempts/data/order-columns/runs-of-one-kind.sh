#!/bin/bash
# Knows levels of one kind of run only.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat answer.py)
sed -i 's/        if head & 1:/        if False:/' answer.py
[ "$(cat answer.py)" != "$before" ]
