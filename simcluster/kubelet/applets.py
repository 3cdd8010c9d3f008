"""BusyBox's small commands that neither wait nor start others."""

import re

from simcluster.kubelet.programs import Setting, number

APPLETS = {
    "sh", "ls", "cat", "echo", "sleep", "env", "id", "wget", "nslookup", "date", "df", "dd", "seq", "stty", "vi",
    "touch", "rm", "true", "false", "ps", "grep", "head", "tail", "wc", "mkdir", "printf", "nc", "test", "busybox",
}  # fmt: skip
ESCAPED = re.compile(rb"\\([0-7]{1,3})|\\x([0-9a-fA-F]{1,2})")


def exists(command: str) -> bool:
    """Whether a container of the known images can start this program."""
    name = command.removeprefix("/bin/")
    return "/" not in name and (name in APPLETS or name == "hello")


def run_applet(  # noqa: PLR0911 - one line an applet
    name: str, args: list[str], setting: Setting, variables: dict[str, str]
) -> tuple[str | None, int]:
    """What an applet that does not wait prints, and its exit code."""
    if name == "echo":
        return " ".join(args[2:] if args[1:2] in (["-n"], ["-e"]) else args[1:]), 0
    if name == "printf":
        return _printf(args[1:]), 0
    if name in ("true", ":", "touch", "mkdir", "rm", "export", "set", "cd", "wait", "stty"):
        for one in args[1:] if name == "export" else ():
            key, _, value = one.partition("=")
            variables[key] = value
        return None, 0
    if name == "false":
        return None, 1
    if name == "env":
        return "\n".join(f"{key}={value}" for key, value in variables.items()), 0
    if name == "id":
        return (str(setting.uid) if "-u" in args else f"uid={setting.uid} gid=0 groups=0"), 0
    if name == "date":
        return setting.clock.now().strftime("%a %b %e %H:%M:%S UTC %Y"), 0
    if name == "seq":
        return "\n".join(str(i) for i in range(1, number(args[-1]) + 1)), 0
    if name == "cat":
        return _cat(args[1:], setting.files)
    if name in ("test", "["):
        return None, _test([one for one in args[1:] if one != "]"], setting.files)
    if name in APPLETS:
        return None, 0 if name in ("ls", "df", "ps") else 1
    return f"sh: {args[0]}: not found", 127


def _printf(args: list[str]) -> str:
    """Whole lines with `\\n`, octal and hexadecimal escapes; bytes that are no UTF-8 stay as surrogates."""
    if not args:
        return ""
    text = args[0].replace("\\n", "\n").rstrip("\n") % tuple(args[1:])
    raw = ESCAPED.sub(lambda m: bytes([int(m[1], 8) & 0xFF if m[1] else int(m[2], 16)]), text.encode())
    return raw.decode(errors="surrogateescape")


def _cat(paths: list[str], files: dict[str, str]) -> tuple[str | None, int]:
    for path in paths:
        if path not in files:
            return f"cat: can't open '{path}': No such file or directory", 1
    return "\n".join(files[path] for path in paths), 0


def _test(args: list[str], files: dict[str, str]) -> int:
    if len(args) == 3:
        left, operator, right = args
        numbers = {"-eq": "==", "-ne": "!=", "-lt": "<", "-gt": ">", "-le": "<=", "-ge": ">="}
        if operator in numbers:
            a, b = number(left), number(right)
            holds = {"==": a == b, "!=": a != b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[numbers[operator]]
        else:
            holds = (left == right) == (operator in ("=", "=="))
        return 0 if holds else 1
    if len(args) == 2 and args[0] in ("-f", "-e", "-d", "-r"):
        return 0 if args[1] in files else 1
    if len(args) == 2 and args[0] in ("-n", "-z"):
        return 0 if bool(args[1]) == (args[0] == "-n") else 1
    return 0 if len(args) == 1 and args[0] else 1
