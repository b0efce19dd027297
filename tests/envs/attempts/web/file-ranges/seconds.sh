#!/bin/bash
# Makes the ETag of whole seconds.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat server.py)
sed -i 's/{status.st_mtime_ns:x}-/{second:x}-/' server.py
python3 -c 'compile(open("server.py").read(), "server.py", "exec")'
[ "$(cat server.py)" != "$before" ]
