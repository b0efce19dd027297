"""Which sandboxes run on the host."""

from __future__ import annotations

import time

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox import sandbox_class
from claudebox_rl.sandbox.auto import memory_file, try_local, why_no_kvm, why_not_boxlite
from claudebox_rl.session.checkup.finding import Finding, Status

_BOXED = ("auto", "boxlite")
_LIMITS = ("cpus", "memory_mib", "max_processes")


async def check_sandboxes(name: str, image: str | None = None) -> list[Finding]:
    """Try the isolated backends; a micro-VM is booted where one is wanted and none was tried before (minutes).

    Args:
        name: What the user wants: `auto` takes either, another name needs that one.
        image: What a micro-VM would boot; None: BoxLite's default.
    """
    kvm = why_no_kvm()
    box = await why_not_boxlite(image) if name in _BOXED else None
    missing: Status = "fail" if name == "boxlite" else "warn"
    local = await _local(is_needed=name == "local" or (name == "auto" and box is not None))
    return [
        Finding("kvm", missing, kvm, _KVM_FIX)
        if kvm and name in _BOXED
        else Finding("kvm", "ok", kvm or "/dev/kvm opens"),
        _box(box, kvm, missing) if name in _BOXED else Finding("boxlite", "ok", f"not wanted: sandbox={name}"),
        local,
    ]


_KVM_FIX = "only for sandbox=boxlite: a host with (nested) virtualisation, and its user in the group kvm"


def _box(why_not: str | None, kvm: str | None, missing: Status) -> Finding:
    if why_not is None:
        return Finding("boxlite", "ok", "a micro-VM runs here")
    fix = "see kvm; sandbox=local needs none" if why_not == kvm else f"sandbox=local; to try anew: rm {memory_file()}"
    if "not installed" in why_not:
        fix = "pip install boxlite"
    return Finding("boxlite", missing, f"no micro-VM runs here: {why_not}", fix)


async def _local(*, is_needed: bool) -> Finding:
    started = time.monotonic()
    try:
        await try_local()
    except SandboxStartError as error:
        fix = error.context.get("fix", "docs/sandboxes.md; or sandbox=boxlite")
        return Finding("local", "fail" if is_needed else "warn", error.context.get("problem", str(error)), fix)
    seen = f"starts and runs a command in {time.monotonic() - started:.2f} s"
    hard = sandbox_class("local").capabilities().hard_limits
    if soft := [limit for limit in _LIMITS if limit not in hard]:
        fix = "run as root, or delegate control groups to this user (docs/sandboxes.md)"
        return Finding("local", "warn", f"{seen}; the kernel does not hold {', '.join(soft)}", fix)
    return Finding("local", "ok", f"{seen}; the kernel holds {', '.join(_LIMITS)}")
