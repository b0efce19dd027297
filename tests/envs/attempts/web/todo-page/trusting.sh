#!/bin/bash
# Takes for a task whatever is stored.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i 's/kept.filter(fits)/kept/' index.html
[ "$(cat index.html)" != "$before" ]
