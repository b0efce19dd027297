#!/bin/bash
# Leaves the focus on the button.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i '/field.focus();/d' index.html
[ "$(cat index.html)" != "$before" ]
