#!/bin/bash
# Gives the ids of deleted notes again.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat server.py)
sed -i 's/counts\["id"\] += 1/counts["id"] = max(notes, default=0) + 1/' server.py
[ "$(cat server.py)" != "$before" ]
