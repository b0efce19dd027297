#!/bin/bash
# Shows what is wrong to those who see it, and tells nobody else.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i '/setAttribute("aria-describedby"/d' index.html
[ "$(cat index.html)" != "$before" ]
