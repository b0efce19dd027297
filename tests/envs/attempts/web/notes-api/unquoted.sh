#!/bin/bash
# Does not encode the tag in the link to the next page.
set -e
bash "$SOLUTION/solve.sh"
before=$(cat server.py)
sed -i "s/{urlencode(parameters)}/{'\&'.join(f'{name}={value}' for name, value in parameters.items())}/" server.py
python3 -c 'compile(open("server.py").read(), "server.py", "exec")'
[ "$(cat server.py)" != "$before" ]
