"""Run inside a sandbox: tries to get out of it, and prints what came of it as JSON.

A probe returns nothing, or raises OSError, where it was stopped; what it returns is what it got.
"""

import contextlib
import ctypes
import errno
import fcntl
import json
import mmap
import os
import pty
import resource
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

FACTS = json.loads(sys.argv[1])
LIBC = ctypes.CDLL(None, use_errno=True)
NUMBERS = FACTS["syscalls"]
CLONE_NEWUSER, CLONE_NEWNS = 0x10000000, 0x20000
Probe = Callable[[], object]
PROBES: dict[str, Probe] = {}


def probe(function: Probe) -> Probe:
    PROBES[function.__name__] = function
    return function


def names_in(folder: str | Path) -> list[str]:
    return [place.name for place in Path(folder).iterdir()]


def call(name: str, *arguments: object) -> int:
    result = LIBC.syscall(ctypes.c_long(NUMBERS[name]), *arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def every_fails(attempts: dict[str, Probe], *allowed: int) -> object:
    """Return the attempts that were not refused with one of these error numbers."""
    got: dict[str, object] = {}
    for name, attempt in attempts.items():
        try:
            got[name] = attempt()
        except OSError as error:
            if allowed and error.errno not in allowed:
                got[name] = str(error)
    return got or None


# Files of the host


@probe
def read_host_shadow() -> object:
    return Path("/etc/shadow").read_text()


@probe
def read_host_passwd() -> object:
    lines = Path("/etc/passwd").read_text().splitlines()
    return lines if {line.partition(":")[0] for line in lines} != {"root", "agent"} else None


@probe
def read_host_file() -> object:
    return Path(FACTS["secret_file"]).read_text()


@probe
def list_host_folders() -> object:
    expected = {"/": set(FACTS["top"]), "/home": {"agent"}, "/root": {".pyenv"}, "/var": set(), "/mnt": set()}
    extra: dict[str, list[str]] = {}
    for place, names in expected.items():
        with contextlib.suppress(OSError):
            extra[place] = sorted(set(names_in(place)) - names)
    return {place: names for place, names in extra.items() if names} or None


@probe
def list_the_secrets_folder() -> object:
    return names_in(Path(FACTS["secret_file"]).parent)


@probe
def write_outside_the_own_folders() -> object:
    def attempt(folder: str) -> Probe:
        return lambda: Path(folder, "probe").write_text("x") and folder

    folders = ("/", "/usr", "/usr/local", "/etc", "/var/tmp", "/home", "/run", "/dev", "/proc", sys.base_prefix)
    return every_fails({folder: attempt(folder) for folder in (*folders, str(Path(FACTS["secret_file"]).parent))})


@probe
def change_the_supervisors_code() -> object:
    place = Path("/run/claudebox/claudebox_rl/sandbox/_guest/main.py")
    assert place.is_file(), "the probe looks at the wrong place"
    return every_fails({"write": lambda: place.write_text("x"), "remove": lambda: place.unlink() or "removed"})


@probe
def write_a_kernel_setting() -> object:
    opened: list[str] = []
    for folder, _, files in os.walk("/proc/sys"):
        for name in files:
            try:
                os.close(os.open(f"{folder}/{name}", os.O_WRONLY))
                opened.append(f"{folder}/{name}")
            except OSError:
                continue
    return opened or None


@probe
def write_core_pattern() -> object:
    return os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)


@probe
def trigger_sysrq() -> object:
    return os.open("/proc/sysrq-trigger", os.O_WRONLY)


@probe
def read_the_hosts_paths_in_command_lines() -> object:
    line = Path("/proc/1/cmdline").read_text()
    return line if FACTS["home"] in line or "--bind" in line else None


@probe
def open_devices() -> object:
    names = ("vda", "sda", "nvme0n1", "mem", "kmem", "kvm", "kmsg", "fuse", "loop-control", "net/tun")
    return every_fails({name: lambda name=name: os.open(f"/dev/{name}", os.O_RDONLY) for name in names})


@probe
def make_devices() -> object:
    def attempt(kind: int) -> object:
        os.mknod("/workspace/device", kind | 0o666, os.makedev(1, 3))
        return "made"

    return every_fails({"block": lambda: attempt(stat.S_IFBLK), "char": lambda: attempt(stat.S_IFCHR)}, errno.EPERM)


# Processes of the host


@probe
def see_host_processes() -> object:
    pids = [name for name in names_in("/proc") if name.isdigit()]
    lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids}
    return {pid: line.decode() for pid, line in lines.items() if b"escape_driver" in line} or None


@probe
def read_host_environments() -> object:
    found: dict[str, str] = {}
    for pid in (name for name in names_in("/proc") if name.isdigit()):
        try:
            text = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if FACTS["secret"].encode() in text:
            found[pid] = "holds the secret"
    return found or None


@probe
def find_the_secret_in_the_own_environment() -> object:
    return FACTS["secret"] in str(os.environ) or None


@probe
def signal_host_process() -> object:
    return os.kill(FACTS["pid"], 0) or "it can be signalled"


@probe
def ptrace_anything() -> object:
    child = os.fork()
    if child == 0:
        time.sleep(5)
        os._exit(0)
    try:
        attach = 16
        targets = {"host": FACTS["pid"], "supervisor": 1, "own child": child}
        return every_fails({name: lambda pid=pid: call("ptrace", attach, pid, 0, 0) for name, pid in targets.items()})
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@probe
def inherit_descriptors() -> object:
    links = {name: Path("/proc/self/fd", name) for name in names_in("/proc/self/fd") if int(name) > 2}
    # The one that listed the folder is gone.
    return {name: str(link.readlink()) for name, link in links.items() if link.is_symlink()} or None


# The supervisor


@probe
def kill_the_supervisor() -> object:
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSTOP, signal.SIGSEGV, signal.SIGCHLD):
        os.kill(1, number)
    time.sleep(0.05)
    # `0` signals: is it still there? That it still serves is what the driver sees when it asks for more.
    return None if os.kill(1, 0) is None else "gone"


@probe
def read_the_supervisor() -> object:
    files = {name: lambda name=name: os.open(f"/proc/1/{name}", os.O_RDONLY) and "open" for name in ("mem", "environ")}
    return every_fails(
        {
            **files,
            "maps": lambda: Path("/proc/1/maps").read_text() or None,
            "fd": lambda: names_in("/proc/1/fd"),
            "root": lambda: names_in("/proc/1/root/etc"),
            "pidfd": lambda: call("pidfd_getfd", os.pidfd_open(1), 3, 0),
        }
    )


# The network


@probe
def connect_host_loopback() -> object:
    return socket.create_connection(("127.0.0.1", FACTS["port"]), 1).fileno()


@probe
def connect_host_address() -> object:
    return socket.create_connection((FACTS["address"], FACTS["port"]), 1).fileno()


@probe
def send_udp() -> object:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.2", 53))


@probe
def send_udp6() -> object:
    return socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"x", ("2001:db8::1", 53))


@probe
def have_interfaces() -> object:
    return [name for _, name in socket.if_nameindex() if name != "lo"] or None


@probe
def connect_abstract_socket() -> object:
    return socket.socket(socket.AF_UNIX).connect("\0" + FACTS["abstract"]) or "connected"


@probe
def connect_path_socket() -> object:
    return socket.socket(socket.AF_UNIX).connect(FACTS["path_socket"]) or "connected"


@probe
def open_raw_sockets() -> object:
    return every_fails(
        {
            "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).fileno(),
            "packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3).fileno(),
        }
    )


@probe
def open_unconfined_socket_families() -> object:
    families = {"vsock": 40, "alg": 38, "bluetooth": 31, "can": 29, "tipc": 30, "xdp": 44, "rds": 21}
    attempts = {name: lambda number=number: call("socket", number, 2, 0) for name, number in families.items()}
    return every_fails(attempts, errno.EAFNOSUPPORT)


# A micro-VM's own doors


@probe
def connect_to_the_host_by_vsock() -> object:
    host, of_boxlites_agent = 2, (2695, 2696)
    ports = (*range(1, 33), 1024, 1025, 5000, 9999, *of_boxlites_agent)
    return [port for port in ports if connects(socket.AF_VSOCK, (host, port))] or None


def connects(family: int, address: tuple[int, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as way:
        way.settimeout(0.5)
        return way.connect_ex(address) == 0


@probe
def change_a_read_only_folder_of_the_host() -> object:
    place = FACTS.get("read_only_folder", "/usr")
    remount = 32
    with contextlib.suppress(OSError):
        call("mount", None, place.encode(), None, remount, None)
    return every_fails(
        {
            "write": lambda: Path(place, "file").write_text("x"),
            "make": lambda: Path(place, "new").write_text("x"),
            "remove": lambda: Path(place, "file").unlink() or "removed",
            "rename": lambda: Path(place, "file").rename(Path(place, "moved")),
            "mode": lambda: Path(place, "file").chmod(0o777) or "changed",
            "owner": lambda: os.chown(Path(place, "file"), 1, 1) or "changed",
        }
    )


# The kernel


@probe
def mount_tmpfs() -> object:
    return call("mount", b"none", b"/workspace", b"tmpfs", 0, None)


@probe
def make_user_namespaces() -> object:
    flags = CLONE_NEWUSER | CLONE_NEWNS
    return every_fails(
        {
            "unshare": lambda: call("unshare", flags),
            # In the child, should there be one, 0 comes back.
            "clone": lambda: call("clone", flags | signal.SIGCHLD, 0, 0, 0, 0) or os._exit(0),
            "setns": lambda: call("setns", os.open("/proc/self/ns/user", os.O_RDONLY), 0),
        },
        errno.EPERM,
    )


@probe
def clone3_is_unknown() -> object:
    return every_fails(
        {"clone3": lambda: call("clone3", ctypes.create_string_buffer(88), 88) or os._exit(0)}, errno.ENOSYS
    )


@probe
def change_root() -> object:
    return os.chroot("/tmp") or "changed"


@probe
def set_hostname() -> object:
    return socket.sethostname("x") or "set"


@probe
def use_keyrings() -> object:
    session, read, describe = -3, 11, 6
    return every_fails(
        {
            "read": lambda: call("keyctl", read, session, 0, 0),
            "describe": lambda: call("keyctl", describe, session, 0, 0),
            "add": lambda: call("add_key", b"user", b"x", b"y", 1, session),
            "request": lambda: call("request_key", b"user", b"x", None, 0),
        },
        errno.EPERM,
    )


@probe
def use_dangerous_calls() -> object:
    names = (
        "bpf io_uring_setup io_uring_enter io_uring_register userfaultfd perf_event_open kexec_load init_module "
        "finit_module delete_module reboot swapon swapoff settimeofday clock_settime adjtimex acct quotactl "
        "open_by_handle_at name_to_handle_at fsopen open_tree move_mount mount_setattr umount2 pivot_root "
        "process_vm_readv process_vm_writev kcmp syslog setdomainname fanotify_init"
    )
    attempts = {name: lambda name=name: call(name, 0, 0, 0, 0, 0, 0) for name in names.split()}
    return every_fails(attempts, errno.EPERM)


@probe
def use_other_system_call_tables() -> object:
    if os.uname().machine != "x86_64":
        return None
    found: dict[str, object] = {}
    x32_getpid = 0x40000000 | 39
    if LIBC.syscall(x32_getpid) != -1 or ctypes.get_errno() != errno.ENOSYS:
        found["x32"] = "answered"
    child = os.fork()
    if child == 0:
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20 (getpid of i386); int 0x80; ret
        ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGSYS:
        found["i386"] = f"wait status {status}"
    return found or None


@probe
def type_into_a_terminal() -> object:
    tiocsti = 0x5412
    try:
        _, terminal = pty.openpty()
    except OSError as error:
        return f"there is no terminal to try it with: {error}"
    return every_fails(
        {
            "plain": lambda: fcntl.ioctl(terminal, tiocsti, b"x"),
            # The kernel looks at 32 bits of the number only; so must the filter.
            "high bits": lambda: call("ioctl", terminal, ctypes.c_ulong(tiocsti | 1 << 32), b"x"),
        },
        errno.EPERM,
    )


@probe
def have_a_controlling_terminal() -> object:
    return os.open("/dev/tty", os.O_RDWR)


# Privileges and limits


def status_of(pid: str) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


@probe
def have_privileges() -> object:
    wrong: dict[str, object] = {}
    for pid in ("self", "1"):
        status = status_of(pid)
        sets = {name: status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
        if any(int(value, 16) for value in sets.values()):
            wrong[pid] = sets
        if (status["NoNewPrivs"], status["Seccomp"]) != ("1", "2"):
            wrong[f"{pid} mode"] = (status["NoNewPrivs"], status["Seccomp"])
        if set(status["Uid"].split()) != {str(FACTS["uid"])} or set(status["Gid"].split()) != {str(FACTS["uid"])}:
            wrong[f"{pid} user"] = (status["Uid"], status["Gid"])
        if [group for group in status.get("Groups", "").split() if group not in ("65534", str(FACTS["uid"]))]:
            wrong[f"{pid} groups"] = status["Groups"]
    return wrong or None


@probe
def become_another_user() -> object:
    return every_fails({"uid": lambda: os.setuid(0) or "root", "gid": lambda: os.setgid(0) or "root"})


@probe
def gain_from_setuid_programs() -> object:
    got: dict[str, object] = {}
    own = Path("/workspace/own-id")
    own.write_bytes(Path("/usr/bin/id").read_bytes())
    own.chmod(0o6755)
    for argv in (
        [str(own), "-u"],
        ["/usr/bin/su", "-c", "id -u"],
        ["/usr/bin/passwd", "-S", "root"],
        ["sudo", "-n", "id"],
    ):
        with contextlib.suppress(FileNotFoundError, PermissionError):
            done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
            if done.returncode == 0 and done.stdout.strip() != str(FACTS["uid"]):
                got[argv[0]] = done.stdout
    own.unlink()
    return got or None


@probe
def set_the_clock() -> object:
    now = time.time()
    clocks = {name: getattr(time, name) for name in ("CLOCK_REALTIME", "CLOCK_MONOTONIC", "CLOCK_TAI")}
    attempts = {name: lambda clock=clock: time.clock_settime(clock, now) or "set" for name, clock in clocks.items()}
    return every_fails(attempts, errno.EPERM, errno.EINVAL)


@probe
def write_to_system_folders() -> object:
    opened: list[str] = []
    for top in ("/sys", "/proc/acpi", "/proc/bus", "/proc/irq", "/proc/scsi", "/proc/tty", "/proc/fs"):
        for folder, _, files in os.walk(top):
            for name in files:
                with contextlib.suppress(OSError):
                    os.close(os.open(f"{folder}/{name}", os.O_WRONLY | os.O_NONBLOCK))
                    opened.append(f"{folder}/{name}")
    return opened or None


@probe
def leave_zombies() -> object:
    script = "for i in 1 2 3 4 5 6 7 8 9 10; do (setsid sh -c 'exit 0' &) ; done"
    subprocess.run(["sh", "-c", script], timeout=10, check=True)
    time.sleep(0.5)
    left: list[str] = []
    for name in names_in("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit() and status_of(name)["State"].startswith("Z"):
                left.append(name)
    return left or None


@probe
def raise_limits() -> object:
    wrong: dict[str, object] = {}
    for name in ("RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE"):
        _, hard = resource.getrlimit(getattr(resource, name))
        try:
            resource.setrlimit(getattr(resource, name), (hard, hard + 1))
            wrong[name] = hard
        except (ValueError, OSError):
            continue
    return wrong or None


@probe
def dump_core() -> object:
    return None if resource.getrlimit(resource.RLIMIT_CORE) == (0, 0) else "core files are on"


@probe
def fork_without_bound() -> object:
    children: list[int] = []
    try:
        while len(children) < 1500:
            child = os.fork()
            if child == 0:
                time.sleep(30)
                os._exit(0)
            children.append(child)
        return f"{len(children)} processes"
    except OSError as error:
        return None if error.errno == errno.EAGAIN and len(children) <= FACTS["max_processes"] else str(error)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


@probe
def write_a_huge_file() -> object:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    descriptor = os.open("/workspace/huge", os.O_WRONLY | os.O_CREAT)
    try:
        os.posix_fallocate(descriptor, 0, FACTS["max_file_bytes"] + 1)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
        Path("/workspace/huge").unlink()


@probe
def fill_memory_through_file_systems() -> object:
    def size(place: str) -> int:
        facts = os.statvfs(place)
        return facts.f_blocks * facts.f_frsize

    writable = {place for place in ("/", "/dev") if not os.statvfs(place).f_flag & os.ST_RDONLY}
    too_large = {place: size(place) for place in ("/tmp", "/dev/shm") if size(place) > 1 << 30}
    return (writable, too_large) if writable or too_large else None


def run(function: Probe) -> str | None:
    try:
        got = function()
    except OSError:
        return None
    return None if got is None else str(got)


sys.stdout.write(json.dumps({name: run(PROBES[name]) for name in FACTS.get("only", PROBES)}))
