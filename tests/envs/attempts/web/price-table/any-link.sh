#!/bin/bash
# Makes a link of any address.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i '/\^https/d' index.html
[ "$(cat index.html)" != "$before" ]
