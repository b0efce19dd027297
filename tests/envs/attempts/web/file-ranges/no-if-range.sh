#!/bin/bash
# Does not know If-Range.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat server.py)
sed -i 's/ or self.headers.get("If-Range", tag).strip() not in (tag, changed)//' server.py
python3 -c 'compile(open("server.py").read(), "server.py", "exec")'
[ "$(cat server.py)" != "$before" ]
