#!/bin/bash
# Loses the order when the filter changes.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i 's/filter.addEventListener("input", render)/filter.addEventListener("input", () => { column = null; render(); })/' index.html
[ "$(cat index.html)" != "$before" ]
