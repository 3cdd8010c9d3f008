"""BusyBox in small: `sh -c` with the commands that examples and probes use, and its applets by themselves.

Lists (`;` `&&` `||` newline), `if`, `while`, `until`, `for`, variables, `$?`, `>&2` and files that are thrown away.
"""

import re
import shlex
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from simcluster.kubelet.applets import run_applet
from simcluster.kubelet.programs import FOREVER, Hello, Process, Setting, duration, number

Step = Generator[Any, int | None, int]
"""Yields ("print", text), ("sleep", seconds) or ("run", args) and returns an exit code; a run's code is sent back."""

OPENERS = {"if": "fi", "while": "done", "until": "done", "for": "done"}
SEPARATORS = {";", "\n", "&&", "||", "&"}
VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+)|(\?))")


class ExitShell(Exception):
    """`exit`: the whole script is over."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


@dataclass
class Shell:
    """What a script sees."""

    setting: Setting
    variables: dict[str, str]
    status: int = 0
    traps: dict[str, str] = field(default_factory=dict)


class Script(Process):
    """Runs applets and scripts. As process 1 it ignores SIGTERM, unless the script traps it."""

    def __init__(self, setting: Setting, ended: Callable[[int, bool], None]):
        super().__init__(setting, ended)
        self._shell = Shell(setting, dict(setting.env))
        self._steps: Step | None = None
        self._child: Process | None = None
        self._asked_to_stop = False

    def start(self) -> None:
        self._steps = _program(list(self.setting.args), self._shell)
        self.after(0.001, lambda: self._go(None))

    def stop(self) -> None:
        self._asked_to_stop = True

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
        super().kill()

    def request(self, port: int, path: str) -> int | None:
        return self._child.request(port, path) if self._child else None

    def listens(self, port: int) -> bool:
        return self._child is not None and self._child.listens(port)

    def notes_requests(self, path: str) -> bool:
        return self._child is not None and self._child.notes_requests(path)

    def _go(self, value: int | None) -> None:
        """Until it must wait; a script that never does gives way every thousand steps."""
        assert self._steps is not None
        for _ in range(1000):
            if not self.running or self._trapped():
                return
            try:
                kind, what = self._steps.send(value)
            except StopIteration as done:
                self.finish(done.value & 0xFF)
                return
            value = None
            if kind == "print":
                self.setting.write(what)
            elif kind == "sleep":
                self.after(what, lambda: self._go(None))
                return
            else:
                self._run(what)
                return
        self.after(0.01, lambda: self._go(None))

    def _trapped(self) -> bool:
        action = next(
            (self._shell.traps[name] for name in ("TERM", "SIGTERM", "15") if name in self._shell.traps), None
        )
        if not self._asked_to_stop or action is None:
            return False
        self._shell.traps.clear()
        self._steps = _program(["sh", "-c", action], self._shell)
        return False

    def _run(self, args: list[str]) -> None:
        setting = Setting(
            tuple(args), self._shell.variables, self.setting.uid, self.clock, self.setting.write,
            self.setting.version, self.setting.memory, self.setting.hostname,
        )  # fmt: skip

        def ended(code: int, oom: bool) -> None:
            self._child = None
            if oom:
                self.finish(code, oom=True)
            else:
                self._go(code)

        self._child = Hello(setting, ended)
        self._child.start()


def run_command(command: list[str], setting: Setting) -> tuple[int, str]:
    """Runs a command at once, as an exec probe: exit code and output. What would wait does not."""
    printed: list[str] = []
    steps = _program(list(command), Shell(setting, dict(setting.env)))
    value: int | None = None
    for _ in range(10_000):
        try:
            kind, what = steps.send(value)
        except StopIteration as done:
            return done.value & 0xFF, "".join(f"{text}\n" for text in printed)
        value = 0 if kind == "run" else None
        if kind == "print":
            printed.append(what)
    return 1, "command timed out"


def _program(args: list[str], shell: Shell) -> Step:
    try:
        code = yield from _command(args, shell)
    except ExitShell as exit_:
        return exit_.code
    except ValueError as error:
        yield "print", f"sh: syntax error: {error}"
        return 2
    return code


def _script(text: str, shell: Shell) -> Step:
    lexer = shlex.shlex(text, posix=False, punctuation_chars=";&|<>")
    lexer.whitespace = " \t\r"
    lexer.commenters = ""
    lexer.wordchars += "$\\{}()[]:!%=+,@^.-/?*~"
    return (yield from _list(list(lexer), shell))


def _list(tokens: list[str], shell: Shell) -> Step:
    position = 0
    run = True
    while position < len(tokens):
        end = _end_of_command(tokens, position)
        words = tokens[position:end]
        if words and run:
            shell.status = yield from _simple_or_compound(words, shell)
        operator = tokens[end] if end < len(tokens) else ";"
        run = {"&&": shell.status == 0, "||": shell.status != 0}.get(operator, True) if words else True
        position = end + 1
    return shell.status


def _end_of_command(tokens: list[str], start: int) -> int:
    depth = 0
    for index in range(start, len(tokens)):
        word = tokens[index]
        begins = index == start or tokens[index - 1] in SEPARATORS | {"do", "then", "else"}
        if begins and word in OPENERS:
            depth += 1
        elif begins and word in ("fi", "done"):
            depth -= 1
        elif depth == 0 and (word in SEPARATORS or word == ";;"):
            return index
        elif word == "|":
            raise ValueError("pipes are not simulated")
    return len(tokens)


def _simple_or_compound(words: list[str], shell: Shell) -> Step:
    if words[0] == "if":
        return (yield from _if(words, shell))
    if words[0] in ("while", "until"):
        do = _at(words, "do")
        body = words[do + 1 : -1]
        while True:
            code = yield from _list(words[1:do], shell)
            if (code == 0) != (words[0] == "while"):
                return 0
            yield from _list(body, shell)
            yield "sleep", 0.001
    if words[0] == "for":
        do = _at(words, "do")
        items = [one for word in words[3:do] if word not in SEPARATORS for one in _expand(word, shell).split()]
        for item in items:
            shell.variables[words[1]] = item
            yield from _list(words[do + 1 : -1], shell)
        return shell.status
    return (yield from _simple(words, shell))


def _if(words: list[str], shell: Shell) -> Step:
    then = _at(words, "then")
    other = _at(words, "else", missing=len(words) - 1)
    code = yield from _list(words[1:then], shell)
    body = words[then + 1 : other] if code == 0 else words[other + 1 : -1]
    return (yield from _list(body, shell)) if body else 0


def _at(words: list[str], wanted: str, missing: int | None = None) -> int:
    depth = 0
    for index, word in enumerate(words):
        begins = index == 0 or words[index - 1] in SEPARATORS | {"do", "then", "else"}
        if begins and word in OPENERS:
            depth += 1
        elif begins and word in ("fi", "done"):
            depth -= 1
        if word == wanted and depth == 1:
            return index
    if missing is None:
        raise ValueError(f'"{wanted}" is missing')
    return missing


def _simple(words: list[str], shell: Shell) -> Step:
    plain: list[str] = []
    hidden = False
    index = 0
    while index < len(words):
        word = words[index]
        if word in (">", ">>", ">&", "<", "&>"):
            if plain and plain[-1] in ("1", "2") and word == ">&":
                plain.pop()
            hidden = hidden or (word in (">", ">>", "&>") and not (plain and plain[-1] == "2"))
            if plain and plain[-1] == "2" and word == ">":
                plain.pop()
            index += 2
            continue
        plain.append(word)
        index += 1
    while plain and re.fullmatch(r"\w+=.*", plain[0]):
        name, _, value = plain.pop(0).partition("=")
        shell.variables[name] = _expand(value, shell)
    args = [one for word in plain for one in _words(word, shell)]
    if not args:
        return 0
    steps = _command(args, shell)
    back: int | None = None
    while True:
        try:
            step = steps.send(back)
        except StopIteration as done:
            return int(done.value)
        back = None
        if not (hidden and step[0] == "print"):
            back = yield step


def _words(word: str, shell: Shell) -> list[str]:
    if word[:1] == word[-1:] == "'" and len(word) > 1:
        return [word[1:-1]]
    if word[:1] == word[-1:] == '"' and len(word) > 1:
        return [_expand(word[1:-1], shell).replace('\\"', '"').replace("\\\\", "\\")]
    return _expand(word.replace('"', "").replace("'", ""), shell).split()


def _expand(text: str, shell: Shell) -> str:
    now = shell.setting.clock.now()

    def one(match: re.Match[str]) -> str:
        if match[4]:
            return str(shell.status)
        value = shell.variables.get(match[1] or match[3], "")
        return value or (match[2] or "")

    text = text.replace("$(date)", now.strftime("%a %b %e %H:%M:%S UTC %Y")).replace(
        "$(hostname)", shell.setting.hostname
    )
    arithmetic = re.compile(r"\$\(\((\w+)\s*([+\-*])\s*(\w+)\)\)")
    text = arithmetic.sub(lambda m: str(_calculate(m[1], m[2], m[3], shell)), text)
    return VARIABLE.sub(one, text)


def _calculate(left: str, operator: str, right: str, shell: Shell) -> int:
    a, b = (number(shell.variables.get(side, side)) for side in (left, right))
    return {"+": a + b, "-": a - b, "*": a * b}[operator]


def _command(args: list[str], shell: Shell) -> Step:  # noqa: PLR0911 - one line a command
    name = args[0].removeprefix("/bin/")
    if name in ("exec", "busybox") and len(args) > 1:
        return (yield from _command(args[1:], shell))
    if name == "sh":
        if len(args) >= 3 and args[1].startswith("-") and "c" in args[1]:
            return (yield from _script(args[2], shell))
        return 0
    if name == "hello":
        code = yield "run", args
        return code or 0
    if name == "sleep":
        yield "sleep", _seconds(args[1]) if len(args) > 1 else 0
        return 0
    if name == "exit":
        raise ExitShell(number(args[1]) if len(args) > 1 else shell.status)
    if name == "trap":
        for signal in args[2:]:
            shell.traps[signal] = args[1]
        return 0
    text, code = run_applet(name, args, shell.setting, shell.variables)
    if text is not None:
        yield "print", text
    return code


def _seconds(text: str) -> float:
    if text in ("infinity", "inf"):
        return float(FOREVER)
    return min(float(FOREVER), duration(text) or float(text if re.fullmatch(r"[0-9.]+", text) else 0))
