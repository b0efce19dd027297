"""The system calls that a local sandbox refuses, as a classic BPF program for `bwrap --seccomp`.

A denylist over what namespaces, dropped capabilities and no-new-privileges stop already: nested user namespaces, the
launcher's keyring, sockets that no network namespace confines (AF_VSOCK), and kernel surface that no build needs.
Format: seccomp(2) and linux/filter.h; each instruction is `struct sock_filter` (u16 code, u8 jt, u8 jf, u32 k).
"""

from __future__ import annotations

import errno
import platform
import stat
import struct
from collections.abc import Iterable

from claudebox_rl.errors import SandboxStartError

_LOAD, _JUMP_EQUAL, _JUMP_ANY_BIT, _JUMP_NOT_LESS, _AND, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x54, 0x06
_KILL_PROCESS, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
# Offsets in struct seccomp_data. Arguments are 64 bits wide on little-endian machines; the kernel reads the low half
# of each one that is checked here, so the high half must not matter.
_NUMBER, _ARCH, _ARGUMENT = 0, 4, 16
_X32_BIT = 0x40000000
# NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; NEWTIME is no flag of clone(2).
_CLONE_NEW = 0x7E020000
_SOCKET_FAMILIES = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK."""
_TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX put text into a terminal's input."""

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_TABLE = """
mount 165 40
umount2 166 39
pivot_root 155 41
open_tree 428 428
move_mount 429 429
fsopen 430 430
fsconfig 431 431
fsmount 432 432
fspick 433 433
mount_setattr 442 442
open_tree_attr 467 467
unshare 272 97
setns 308 268
chroot 161 51
ptrace 101 117
process_vm_readv 310 270
process_vm_writev 311 271
pidfd_getfd 438 438
kcmp 312 272
add_key 248 217
request_key 249 218
keyctl 250 219
bpf 321 280
perf_event_open 298 241
userfaultfd 323 282
io_uring_setup 425 425
io_uring_enter 426 426
io_uring_register 427 427
init_module 175 105
finit_module 313 273
delete_module 176 106
kexec_load 246 104
kexec_file_load 320 294
reboot 169 142
swapon 167 224
swapoff 168 225
settimeofday 164 170
clock_settime 227 112
clock_adjtime 305 266
adjtimex 159 171
quotactl 179 60
quotactl_fd 443 443
name_to_handle_at 303 264
open_by_handle_at 304 265
acct 163 89
syslog 103 116
lookup_dcookie 212 18
nfsservctl 180 42
vhangup 153 58
fanotify_init 300 262
sethostname 170 161
setdomainname 171 162
uselib 134 -
ustat 136 -
sysfs 139 -
iopl 172 -
ioperm 173 -
clone 56 220
clone3 435 435
mknod 133 -
mknodat 259 33
socket 41 198
ioctl 16 29
"""
_CHECKED = ("clone", "clone3", "mknod", "mknodat", "socket", "ioctl")
"""Calls that are judged by their arguments, or answered as unknown; all others in the table fail with EPERM."""


def syscall_numbers(machine: str) -> dict[str, int]:
    """Return the numbers of the calls that the filter names, on `x86_64` or `aarch64` (asm/unistd.h)."""
    column = 1 + tuple(_AUDIT_ARCH).index(machine)
    rows = (line.split() for line in _TABLE.split("\n") if line)
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


def filter_program(machine: str | None = None) -> bytes:
    """Return the filter for `machine`, by default this one.

    Raises:
        SandboxStartError: There is no table for this architecture.
    """
    machine = machine or platform.machine()
    if machine not in _AUDIT_ARCH:
        known = " and ".join(_AUDIT_ARCH)
        raise SandboxStartError(f"the local sandbox knows the system calls of {known} only, not of {machine}")
    numbers = syscall_numbers(machine)
    program = [_op(_LOAD, _ARCH), _op(_JUMP_EQUAL, _AUDIT_ARCH[machine], 1, 0), _op(_RETURN, _KILL_PROCESS)]
    program.append(_op(_LOAD, _NUMBER))
    if machine == "x86_64":
        program += [_op(_JUMP_NOT_LESS, _X32_BIT, 0, 1), _fail(errno.ENOSYS)]
    for name, number in numbers.items():
        if name not in _CHECKED:
            program += [_op(_JUMP_EQUAL, number, 0, 1), _fail(errno.EPERM)]
    # ENOSYS makes glibc fall back to clone(2), whose flags can be read here; clone3's lie behind a pointer.
    program += [_op(_JUMP_EQUAL, numbers["clone3"], 0, 1), _fail(errno.ENOSYS)]
    program += _argument_checks(numbers)
    program.append(_op(_RETURN, _ALLOW))
    return b"".join(program)


def _argument_checks(numbers: dict[str, int]) -> list[bytes]:
    program = _judge(numbers["clone"], 0, [_op(_JUMP_ANY_BIT, _CLONE_NEW, 0, 1), _fail(errno.EPERM)])
    devices = [_op(_AND, 0o170000), *_refuse_equal((stat.S_IFBLK, stat.S_IFCHR))]
    for name, position in (("mknod", 1), ("mknodat", 2)):
        if name in numbers:
            program += _judge(numbers[name], position, devices)
    program += _judge(numbers["ioctl"], 1, _refuse_equal(_TERMINAL_INPUT))
    allowed = [op for family in _SOCKET_FAMILIES for op in (_op(_JUMP_EQUAL, family, 0, 1), _op(_RETURN, _ALLOW))]
    return program + _judge(numbers["socket"], 0, [*allowed, _fail(errno.EAFNOSUPPORT)])


def _judge(number: int, position: int, body: list[bytes]) -> list[bytes]:
    """Run `body` over the low half of one argument if the call is `number`; what it lets through is allowed."""
    body = [_op(_LOAD, _ARGUMENT + 8 * position), *body, _op(_RETURN, _ALLOW)]
    return [_op(_JUMP_EQUAL, number, 0, len(body)), *body]


def _refuse_equal(values: Iterable[int]) -> list[bytes]:
    return [op for value in values for op in (_op(_JUMP_EQUAL, value, 0, 1), _fail(errno.EPERM))]


def _fail(number: int) -> bytes:
    return _op(_RETURN, _ERRNO | number)


def _op(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)
