"""Starts a server's program as a child that ends with its parent; as root, as somebody who is not root.

Run as a program (``python -I -S launch.py SIGNAL WAY USER PROGRAM ARGUMENT…``), so it imports the standard library
alone. SIGNAL is sent to the server when its parent dies. PostgreSQL refuses to be root; WAY is how it is not:

- ``same``: nothing changes;
- ``namespace``: a user namespace, in which we are USER; files and processes stay ours outside, and no right is gained;
- ``switch``: we become USER, keeping only the right to pass folders that are closed to USER. For containers, which
  often forbid root new namespaces.
"""

import ctypes
import os
import pwd
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522

NO_NAMESPACE = 97  # exit status: this way is closed, try another


def main(arguments: list[str]) -> None:
    """Become who we should be and turn into the program."""
    death_signal, way, user, *command = arguments
    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if libc is not None:
        if way == "namespace":
            _enter_namespace(libc, pwd.getpwnam(user).pw_uid)
        elif way == "switch":
            _switch(libc, pwd.getpwnam(user))
        # Last, since a change of who we are clears it.
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 (no shell is wanted)


def _enter_namespace(libc: ctypes.CDLL, uid: int) -> None:
    outside_uid, outside_gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER):
        sys.exit(NO_NAMESPACE)
    try:
        for name, text in (
            ("uid_map", f"{uid} {outside_uid} 1"),
            ("setgroups", "deny"),
            ("gid_map", f"{uid} {outside_gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 (one write, unbuffered by path)
                file.write(text)
    except OSError:
        sys.exit(NO_NAMESPACE)


def _switch(libc: ctypes.CDLL, user: pwd.struct_passwd) -> None:
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    right = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(right, right, right, 0, 0, 0)
    if libc.capset(header, sets) or libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0):
        sys.exit(NO_NAMESPACE)


if __name__ == "__main__":
    main(sys.argv[1:])
