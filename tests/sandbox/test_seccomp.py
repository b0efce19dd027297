"""The filter program, run by a small BPF machine of our own; the kernel's verdicts are in test_local_escape.py."""

from __future__ import annotations

import errno
import functools
import re
import struct
from pathlib import Path

import pytest

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox._local.seccomp import filter_program, syscall_numbers

ALLOW, KILL = 0x7FFF0000, 0x80000000
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
MACHINES = sorted(ARCH)


@functools.cache
def instructions(machine: str) -> list[tuple[int, int, int, int]]:
    return list(struct.iter_unpack("=HBBI", filter_program(machine)))


def verdict(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    data = struct.pack("=IIQ6Q", number, arch or ARCH[machine], 0, *(*arguments, *[0] * 6)[:6])
    program = instructions(machine)
    at = accumulator = 0
    while True:
        code, if_true, if_false, operand = program[at]
        at += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, operand)
            case 0x54:
                accumulator &= operand
            case 0x06:
                return operand
            case 0x15 | 0x45 | 0x35:
                holds = {0x15: accumulator == operand, 0x45: bool(accumulator & operand), 0x35: accumulator >= operand}
                at += if_true if holds[code] else if_false
            case _:
                raise AssertionError(f"instruction {code:#x}")


def refused(number: int) -> int:
    return 0x00050000 | number


@pytest.mark.parametrize("machine", MACHINES)
def test_named_calls_fail(machine: str) -> None:
    checked = {"clone", "clone3", "mknod", "mknodat", "socket", "ioctl"}
    for name, number in syscall_numbers(machine).items():
        if name not in checked:
            assert verdict(machine, number) == refused(errno.EPERM), name


@pytest.mark.parametrize("machine", MACHINES)
def test_everything_else_is_allowed(machine: str) -> None:
    named = set(syscall_numbers(machine).values())
    assert all(verdict(machine, number) == ALLOW for number in range(512) if number not in named)


@pytest.mark.parametrize("machine", MACHINES)
def test_threads_are_allowed_and_namespaces_are_not(machine: str) -> None:
    clone = syscall_numbers(machine)["clone"]
    assert verdict(machine, clone, 0x3D0F00) == ALLOW
    for bit in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert verdict(machine, clone, bit | 17) == refused(errno.EPERM)


@pytest.mark.parametrize("machine", MACHINES)
def test_clone3_is_unknown(machine: str) -> None:
    assert verdict(machine, syscall_numbers(machine)["clone3"]) == refused(errno.ENOSYS)


@pytest.mark.parametrize("machine", MACHINES)
def test_only_confined_socket_families(machine: str) -> None:
    allowed = {family for family in range(50) if verdict(machine, syscall_numbers(machine)["socket"], family) == ALLOW}
    assert allowed == {1, 2, 10, 16}


@pytest.mark.parametrize("machine", MACHINES)
def test_no_text_into_terminals(machine: str) -> None:
    ioctl = syscall_numbers(machine)["ioctl"]
    for request in (0x5412, 0x541C, 0x5412 | 1 << 32):
        assert verdict(machine, ioctl, 0, request) == refused(errno.EPERM)
    assert verdict(machine, ioctl, 0, 0x5413) == ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_no_devices(machine: str) -> None:
    mknodat = syscall_numbers(machine)["mknodat"]
    assert verdict(machine, mknodat, 0, 0, 0o060666) == refused(errno.EPERM)
    assert verdict(machine, mknodat, 0, 0, 0o020666) == refused(errno.EPERM)
    assert verdict(machine, mknodat, 0, 0, 0o010666) == ALLOW


def test_other_tables_of_the_same_machine() -> None:
    assert verdict("x86_64", 0x40000000 | 39) == refused(errno.ENOSYS)
    assert verdict("x86_64", 20, arch=0x40000003) == KILL
    assert verdict("aarch64", 20, arch=0x40000028) == KILL


def test_unknown_machine() -> None:
    with pytest.raises(SandboxStartError, match="riscv64"):
        filter_program("riscv64")


@pytest.mark.parametrize(
    ("machine", "header"),
    [
        ("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        ("aarch64", "/usr/include/asm-generic/unistd.h"),
    ],
)
def test_numbers_are_the_kernels(machine: str, header: str) -> None:
    if not Path(header).exists():
        pytest.skip("the kernel's headers are not installed")
    found = dict(re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)", Path(header).read_text()))
    numbers = syscall_numbers(machine)
    known = {name: number for name, number in numbers.items() if name in found}
    assert len(known) >= len(numbers) - 1  # open_tree_attr is younger than most headers
    assert known == {name: int(found[name]) for name in known}
