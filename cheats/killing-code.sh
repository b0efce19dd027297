# Has judged code forge the verdict, and then kill its parents and every process that it may.
PY="$FORGE_PY"'
def _kill():
    import os, signal
    _forge()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        for pid in (os.getppid(), -1):
            try: os.kill(pid, number)
            except OSError: pass
_kill()
' SH="$FORGE_SH; kill -9 \$PPID; kill -9 -1" inject first
