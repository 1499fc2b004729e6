"""What shells, schedulers and the interpreter's fault handler say about a process that died.

Shapes: bash job messages, glibc strsignal, Lib/faulthandler (CPython), srun and slurmstepd, Docker and Kubernetes.
"""

import re

from misrun.tools.readers.lines.context import LogContext
from misrun.tools.readers.lines.events import Draft
from misrun.tools.readers.lines.exit_codes import signal_event, signal_name
from misrun.tools.readers.lines.line import Line
from misrun.tools.readers.run_record import Frame, Scalar
from misrun.tools.readers.signatures import SIGNATURE_MEANINGS

_WORDS = {
    "Killed": "killed_sigkill",
    "Segmentation fault": "segfault",
    "Bus error": "bus_error",
    "Aborted": "abort",
    "Illegal instruction": "abort",
    "Floating point exception": "abort",
    "Terminated": "sigterm",
    "Hangup": "sigterm",
    "zsh: killed": "killed_sigkill",
}
_WORD = "|".join(re.escape(word) for word in _WORDS)
# "run.sh: line 2: 28466 Killed   python3 train.py", "[1]+  Killed  python x", or the word alone on its line.
_JOB = re.compile(
    rf"^(?:\S{{1,200}}: line \d+:\s+\d+ |\[\d+\][+-]?\s+(?:\d+ )?"
    rf"|srun: error: \S{{1,80}}: tasks? [\d,\-]+: |\W{{0,3}})(?P<word>{_WORD})"
    r"(?P<core> \(core dumped\))?(?P<rest>\s{2,}.*|\s+\(core dumped\).*|\s+python\S* .*)?\s*$"
)
# The shell's word behind a line that the program had not finished: "step=62 loss=2.31 Killed".
_BEHIND = re.compile(r"[\d.)\]%:=|] ?(?P<word>Killed|Segmentation fault|Bus error)(?: \(core dumped\))?\s*$")
_CODE = re.compile(
    r"(?:^|\b)(?:rc|exit_?code|ExitCode|[Ee]xit [Cc]ode|[Ee]xit [Ss]tatus"
    r"|[Ee]xited with (?:exit )?(?:code|status)|returned? "
    r"(?:non-zero )?"
    r"(?:exit )?(?:code|status)|[Pp]rocess finished with exit code|non-zero exit status|error code|[Rr]eturn code)"
    r" ?[:=]? ?\(?(?P<code>-?\d{1,3})\b(?![.\d])"
)
# The launcher or the environment that started the program reports its exit code.
_LAUNCHER = re.compile(
    r"^\W{0,4}(?:srun|mpirun|mpiexec|slurmstepd|orterun|prterun): |^\W{0,4}Process finished with exit code"
    r"|.{0,80}\b[Cc]ommand (?:terminated|exited|failed)"
)
_BY_SIGNAL = re.compile(
    r"(?:terminated|killed|died|exited|dying) (?:by|with|due to|on) (?:signal )?:? ?(?:(?P<number>\d{1,2})\b|"
    r"(?P<name>SIG[A-Z]+)|<Signals\.(?P<enum>SIG[A-Z]+))"
)
_NAMES = {
    "SIGKILL": -9,
    "SIGSEGV": -11,
    "SIGBUS": -7,
    "SIGABRT": -6,
    "SIGTERM": -15,
    "SIGINT": -2,
    "SIGILL": -4,
    "SIGFPE": -8,
}
_FATAL = re.compile(r"^Fatal Python error: (?P<what>.{1,200})$")
_FATAL_FRAME = re.compile(r'^\s*File "(?P<file>[^"]{1,500})", line (?P<line>\d+) in (?P<function>\S{1,200})')
_DUMP = re.compile(r"^(?:Current thread|Thread) 0x[0-9a-f]+.{0,80}\(most recent call first\)")
_GLIBC = re.compile(
    r"^(?:terminate called (?:after throwing|without)|\*\*\* stack smashing|double free or corruption"
    r"|free\(\): invalid|malloc\(\): |corrupted size vs\. prev_size|munmap_chunk\(\)|\*\*\* SIG"
    r"(?P<sig>[A-Z]+) received)"
)
_CONTROL_C = re.compile(r"^\s*\^C(?:$|\s|Traceback)")
# A dump of all threads can be long; the first thread is the one that died.
_MAX_FRAMES = 50


class Shell:
    def __init__(self, context: LogContext) -> None:
        self._context = context
        self._fatal: Draft | None = None
        self._frames: list[Frame] = []

    @property
    def busy(self) -> bool:
        return self._fatal is not None

    def feed(self, line: Line) -> bool:
        text = line.body
        if self._fatal is not None and self._dump(text, line):
            return True
        if match := _FATAL.match(text):
            name = next((name for word, name in _WORDS.items() if word in match["what"]), "abort")
            self._fatal = self._event(name, text, line)
            return True
        if (match := _JOB.match(text)) and (match["core"] or match["rest"] or match.end("word") == len(text.rstrip())):
            name = _WORDS[match["word"]]
            self._event(name, text, line, {"command": (match["rest"] or "").strip()} if match["rest"] else {})
            return True
        if match := _BEHIND.search(text):
            self._event(_WORDS[match["word"]], text, line)
            return True
        if match := _GLIBC.match(text):
            self._event(signal_event(_NAMES.get(f"SIG{match['sig']}", -6)) or "abort", text, line)
            return True
        if _CONTROL_C.match(text):
            self._event("interrupted", "^C", line)
            return True
        return self._codes(text, line)

    def close(self) -> None:
        self._close_dump()

    def _codes(self, text: str, line: Line) -> bool:
        if ("ignal" in text or "SIG" in text) and (match := _BY_SIGNAL.search(text)):
            code = -int(match["number"]) if match["number"] else _NAMES.get(match["name"] or match["enum"], 0)
            return self._exit(code, text, line)
        if any(word in text for word in ("rc=", "xit", "code", "status")) and (match := _CODE.search(text)):
            return self._exit(int(match["code"]), text, line)
        return False

    def _exit(self, code: int, text: str, line: Line) -> bool:
        """Every matched line counts as meant, also one with code 0: another code may follow in the same words."""
        if "worker" in text and "DataLoader" in text:
            return False
        if code != 0 or self._context.exit_code is None:
            self._context.exit_code, self._context.exit_line = code, line.number
        name = signal_event(code) or ("child_failed" if code and _LAUNCHER.match(text) else None)
        if name is not None:
            self._event(name, text, line, {"exit_code": code, "signal": signal_name(code)})
        return True

    def _event(self, name: str, text: str, line: Line, values: dict[str, Scalar] | None = None) -> Draft:
        """One death is often told twice, by the shell's word and by the exit code on the next line."""
        near = [d for d in self._context.events.all() if d.name == name and 0 <= line.number - d.seen_last <= 3]
        if near and name != "interrupted":
            near[-1].values.update(values or {})
            near[-1].seen_last = line.number
            return near[-1]
        draft = Draft(
            name=name,
            kind=SIGNATURE_MEANINGS[name][0],
            message=text,
            first=line.number,
            last=line.number,
            rank=line.rank,
            values=values or {},
        )
        return self._context.events.add(draft)

    def _dump(self, text: str, line: Line) -> bool:
        match = _FATAL_FRAME.match(text)
        if match and len(self._frames) < _MAX_FRAMES:
            self._frames.append(Frame(file=match["file"], line=int(match["line"]), function=match["function"]))
        if match or not text.strip() or _DUMP.match(text):
            if self._fatal is not None:
                self._fatal.last = self._fatal.seen_last = line.number
            return True
        self._close_dump()
        return False

    def _close_dump(self) -> None:
        """The fault handler prints the innermost call first; frames go from the outermost."""
        if self._fatal is not None and self._frames and not self._fatal.frames:
            self._fatal.frames = tuple(reversed(self._frames))
        self._fatal, self._frames = None, []
