#!/bin/bash
# Lets the form be sent once more while an answer is awaited.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i 's/if (isSending) return;//; s/isSending = send.disabled = true/isSending = true/' index.html
[ "$(cat index.html)" != "$before" ]
