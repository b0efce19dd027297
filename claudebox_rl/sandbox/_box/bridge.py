"""The program that BoxLite starts in a kept box for a new host: it hands over its pipes to process 1, and ends.

BoxLite keeps the pipes of a program for as long as somebody holds them inside, whatever became of the program (0.10.8).
So nothing that happens inside later, not even the end of every process but the first, cuts a host off. It holds no
secret, and runs as nobody: BoxLite would give root capabilities that process 1 has given up.
"""

from __future__ import annotations

from claudebox_rl.sandbox._guest.rejoin import ADDRESS, BRIDGE_USER

_PROGRAM = f"""
import array, socket
with socket.socket(socket.AF_UNIX) as way:
    way.connect({ADDRESS!r})
    rights = array.array("i", [0, 1])
    way.sendmsg([b"1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    way.recv(1) or exit("process 1 takes no host")
"""
COMMAND = ("python3", "-I", "-S", "-c", _PROGRAM)
USER = f"{BRIDGE_USER}:{BRIDGE_USER}"
