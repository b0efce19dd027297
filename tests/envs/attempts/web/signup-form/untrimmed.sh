#!/bin/bash
# Sends what was typed as it is.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i 's/name: name.value.trim(), email: email.value.trim()/name: name.value, email: email.value/' index.html
[ "$(cat index.html)" != "$before" ]
