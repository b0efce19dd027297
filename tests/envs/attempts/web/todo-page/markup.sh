#!/bin/bash
# Puts the text of a task into the page as markup.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat index.html)
sed -i 's/text.textContent = item.text/text.innerHTML = item.text/' index.html
[ "$(cat index.html)" != "$before" ]
