#!/bin/bash
# The row's patch: the files as they are after it.
set -euo pipefail
here=$(dirname -- "$0")
while IFS= read -r name; do rm -f -- "$name"; done < "$here/removed.txt"
if [ -d "$here/files" ]; then cp -R -- "$here/files/." .; fi
