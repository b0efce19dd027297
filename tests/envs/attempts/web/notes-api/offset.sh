#!/bin/bash
# Counts the notes that were shown instead of naming the last one.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat server.py)
sed -i 's/note\["id"\] > after and (tag/(tag/; s/shown, following = found/shown, following = found[after:]/; s/found\[after:\]\[: int(limit)\], None/found[after : after + int(limit)], None/; s/if len(found) > len(shown):/if len(found) > after + len(shown):/; s/shown\[-1\]\["id"\], [*]/after + len(shown), */' server.py
[ "$(cat server.py)" != "$before" ]
