"""Runs service.sh in scripts of its own, each of which ends what it has started."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import WORKDIR, content, expect, judge, run, scratch
from trees import expect_end, expect_tree, file, folder, grown, plant, script

RUN = """#!/bin/bash
echo "begun $(basename "$PWD") $(cat)" ; echo oops >&2
trap 'sleep 0.3; echo bye; exit 0' TERM
while :; do sleep 0.05; done
"""
DEAF = "#!/bin/bash\ntrap '' TERM\necho deaf\nwhile :; do sleep 0.05; done\n"
HEAD = """
s() { bash "$SCRIPT" "$@"; echo "$1 $?"; }
until_log() { for i in {1..200}; do grep -q "$1" 'a folder/log' 2>/dev/null && break; sleep 0.02; done; }
number() { cat 'a folder/pid'; }
alive() { grep -q '^State:[[:space:]]*[RSDTtIW]' "/proc/$1/status" 2>/dev/null; }
"""
LIFE = """
s status 'a folder'
s start 'a folder'
until_log oops
first=$(number)
[ "$(bash "$SCRIPT" status 'a folder')" = "running $first" ] && echo right number
[ "$(readlink "/proc/$first/cwd")" = "$PWD/a folder" ] && echo right place
[ "$(ps -o sid= -p "$first" | tr -d ' ')" != "$(ps -o sid= -p $$ | tr -d ' ')" ] && echo own session
s start 'a folder'
[ "$(number)" = "$first" ] && echo same process
(cd 'a folder' && bash "$SCRIPT" stop . < /dev/null); echo "stop $?"
alive "$first" && echo still alive
s status 'a folder'
s stop 'a folder'
out=$(bash "$SCRIPT" start "$PWD/a folder" 2>&1); echo "start $out"
[ "$(number)" != "$first" ] && echo another process
until_log 'bye.*' ; for i in {1..100}; do [ "$(grep -c begun 'a folder/log')" = 2 ] && break; sleep 0.02; done
kill -9 "$(number)"; sleep 0.1
s status 'a folder'
s start 'a folder'
bash "$SCRIPT" status 'a folder' | cut -d ' ' -f 1
s stop 'a folder'
"""
LIFE_PRINTS = """stopped
status 3
start 0
right number
right place
own session
start 0
same process
stop 0
stopped
status 3
stop 0
start 
another process
stopped
status 3
start 0
running
stop 0
"""
STALE = """
sleep 30 & other=$!
for text in "$other" "$$" 999999999 '' 'x y' -1 "0" '*'; do
  printf '%s\\n' "$text" > 'a folder/pid'
  s status 'a folder'
  s stop 'a folder'
  [ -e 'a folder/pid' ] && echo pid is left
  kill -0 "$other" || echo another process was ended
done
echo "$other" > 'a folder/pid'
s start 'a folder'
[ "$(number)" != "$other" ] && echo started
s stop 'a folder'
kill -0 "$other" && kill "$other"
"""
TOGETHER = """
for i in {1..8}; do (until [ -e go ]; do :; done; exec bash "$SCRIPT" start 'a folder') & done
sleep 0.2
: > go
wait
until_log oops
sleep 0.5
grep -c begun 'a folder/log'
bash "$SCRIPT" stop 'a folder'
[ "$(grep -c bye 'a folder/log')" = 1 ] && echo one ended
"""


def drive(what: str, program: str, wanted: str, timeout_s: float = 20.0) -> dict:
    """Run a script around service.sh, expect what it prints, and return the folder as it is left."""
    content("service.sh")
    with scratch() as place:
        place = place.resolve()
        plant(place, {"a folder/run": file(program, 0o755), "drive.sh": file(f"SCRIPT=$1\n{HEAD}{what}")})
        ended = run(["bash", "drive.sh", str(WORKDIR / "service.sh")], cwd=place, timeout_s=timeout_s)
        expect(ended.stdout == wanted, f"wanted {wanted!r} of this script, got {ended}:{what}")
        expect(not ended.stderr, f"standard error: {ended.stderr[-500:]!r} of this script:{what}")
        return grown(place / "a folder")


def lives() -> None:
    left = drive(LIFE, RUN, LIFE_PRINTS)
    begun = "begun a folder \noops\n"
    log = left.get("log", ("", 0, ""))[2]
    expect(log.startswith(f"{begun}bye\n{begun}") and log.count("begun a folder \n") == 3, f"the log holds {log!r}")
    expect(left.keys() - {"lock"} == {"run", "log"}, f"FOLDER holds {sorted(left)} in the end")


def stale() -> None:
    drive(STALE, RUN, "stopped\nstatus 3\nstop 0\n" * 8 + "start 0\nstarted\nstop 0\n")


def deaf() -> None:
    drive("s start 'a folder'\nuntil_log deaf\nn=$(number)\ns stop 'a folder'\nalive $n || echo gone", DEAF, "start 0\nstop 0\ngone\n")


def together() -> None:
    for _ in range(4):  # starts that are not held apart do meet well once in a while
        drive(TOGETHER, RUN, "1\none ended\n")


def refuses() -> None:
    with scratch() as place:
        tree = {"a": folder(), "b/run": file("x"), "b": folder(), "c/run": folder(), "c": folder()}
        plant(place, tree)
        for arguments in ((), ("start",), ("restart", "a"), ("stop", "nothing"), ("status", "b/run"), ("start", "a", "b")):
            expect_end(f"service.sh {arguments}", script("service.sh", *arguments, cwd=place), 2)
        for name in "abc":
            expect_end(f"service.sh start {name}", script("service.sh", "start", name, cwd=place), 1)
        left = {name: entry for name, entry in grown(place).items() if not name.endswith("/lock")}
        expect_tree("after refusals", left, tree)


judge({"lives": lives, "stale": stale, "deaf": deaf, "together": together, "refuses": refuses})
