#!/bin/bash
# Turns the rows around for the other direction.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i 's/if (column !== null) shown.sort(compare);/if (column !== null) { const way = direction; direction = 1; shown.sort(compare); direction = way; if (way < 0) shown.reverse(); }/' index.html
[ "$(cat index.html)" != "$before" ]
