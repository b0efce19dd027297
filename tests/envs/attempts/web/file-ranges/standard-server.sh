#!/bin/bash
# Uses the standard library's server of files as it is.
cat > server.py <<'PYTHON'
import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

handler = functools.partial(SimpleHTTPRequestHandler, directory=sys.argv[2])
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler).serve_forever()
PYTHON
