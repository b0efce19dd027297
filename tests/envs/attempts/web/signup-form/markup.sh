#!/bin/bash
# Takes the message of the server for markup.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i 's/element.textContent = message/element.innerHTML = message/' index.html
[ "$(cat index.html)" != "$before" ]
