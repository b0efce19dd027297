#!/bin/bash
# Makes the ETag of what the note says.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat server.py)
sed -i 's/f."{counts\["version"\]}".$/f\x27"{hash(json.dumps(value))}"\x27/' server.py
[ "$(cat server.py)" != "$before" ]
