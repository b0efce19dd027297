#!/bin/bash
# Takes weak tags for strong ones.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat server.py)
sed -i 's/(weak or not is_weak)/True/' server.py
[ "$(cat server.py)" != "$before" ]
