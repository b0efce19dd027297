"""Users of the machine, as its own /etc/passwd has them."""

from __future__ import annotations

import os
import pwd


class User:
    """Who a command runs as."""

    def __init__(self, name: str, uid: int, gid: int, groups: list[int], home: str) -> None:
        self.name, self.uid, self.gid, self.groups, self.home = name, uid, gid, groups, home

    @property
    def env(self) -> dict[str, str]:
        """The variables by which programs know their user."""
        return {"HOME": self.home, "USER": self.name, "LOGNAME": self.name}

    def become(self) -> None:
        """Make this process the user's for good.

        Raises:
            PermissionError: It is neither root's nor the user's.
        """
        os.setgroups(self.groups)
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)


def find(user: str) -> User | None:
    """Look a user up by name, then by number; None where there is none."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        # No larger number is one; more digits are none that the C library takes.
        if not (user.isascii() and user.isdigit() and len(user) <= 10):
            return None
        try:
            entry = pwd.getpwuid(int(user))
        except (KeyError, OverflowError):
            return None
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid, groups, entry.pw_dir)


class acting_as:  # noqa: N801  # used like a function
    """Have the kernel take this process, root's, for the user's meanwhile; None: for what it is.

    So links and folders of a user lead root nowhere where they would not lead the user.
    """

    def __init__(self, user: User | None) -> None:
        self._user = user
        self._groups: list[int] = []

    def __enter__(self) -> None:
        if self._user is not None:
            self._groups = os.getgroups()
            os.setgroups(self._user.groups)
            os.setegid(self._user.gid)
            os.seteuid(self._user.uid)

    def __exit__(self, *error: object) -> None:
        if self._user is not None:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups(self._groups)
