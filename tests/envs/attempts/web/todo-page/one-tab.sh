#!/bin/bash
# Does not hear of other tabs.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i 's/addEventListener("storage"/addEventListener("nothing"/' index.html
[ "$(cat index.html)" != "$before" ]
