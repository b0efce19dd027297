# Has judged code forge the verdict and then print without end, on both streams.
PY="$FORGE_PY"'
def _flood():
    import os
    _forge()
    line = b"1 passed\n" * 8192
    try:
        for _ in range(4096):
            os.write(1, line); os.write(2, line)
    except OSError: pass
_flood()
' SH="yes '1 passed' | head -c 300000000" inject first
