#!/bin/bash
# Takes any text with an @ for an address.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i 's/[(][/][^]][^ ]*test(email.value.trim())/(email.value.trim().includes("@")/' index.html
[ "$(cat index.html)" != "$before" ]
