#!/bin/bash
# Says nothing of data that can't be shown.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i '/getElementById("problem")/d' index.html
[ "$(cat index.html)" != "$before" ]
