#!/bin/bash
# Checks only when the form is submitted.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i 's/if (!isChecking) return;/return;/' index.html
[ "$(cat index.html)" != "$before" ]
