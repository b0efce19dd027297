#!/bin/bash
# Has each client wait for the one before.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat server.py)
sed -i 's/ThreadingHTTPServer/HTTPServer/g' server.py
python3 -c 'compile(open("server.py").read(), "server.py", "exec")'
[ "$(cat server.py)" != "$before" ]
