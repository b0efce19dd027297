#!/bin/bash
# Does not look at the second password when the first one changes.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i '/if (field === password)/d' index.html
[ "$(cat index.html)" != "$before" ]
