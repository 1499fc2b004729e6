"""What a person wrote in a text that also holds logs, code and templates: sentences with the lines they stand on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# ruff: noqa: E501 - patterns, one alternative group a line
# Nobody describes a failure in more lines; what comes later in a pasted text is log.
MAX_LINES = 1_500
# A line of prose is a paragraph at most; longer ones are dumps.
_MAX_LINE = 2_000
# A line that breaks in mid-sentence was wrapped by an editor: those wrap at 60 characters or later.
_WRAPPED = 60
_FENCE = re.compile(r"^\s{0,12}(?:```|~~~)")
_SKIPPED = re.compile(r"^\s{0,12}(?:>|[-*]\s\[[ xX]\]|<details|</|<summary|\|.*\||!\[)")
_COMMENT = re.compile(r"<!--.*?-->")
_MARKUP = re.compile(
    r"!\[[^\]]{0,300}\]\([^)\s]{0,1000}\)|<[^<>]{1,300}>|\bhttps?://\S{1,2000}|^\s{0,12}(?:#{1,6}\s|[-*+]\s|\d{1,2}[.)]\s)"
)
_LINK = re.compile(r"\[([^\]]{1,300})\]\([^)\s]{0,1000}\)")
_LATIN_OR_HAN = re.compile(r"[A-Za-z\u3400-\u9fff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")
# Log lines: a clock, a level, a bar, a table of numbers; code: statements, calls at the start, shell commands.
_LOG = re.compile(
    r"^\s{0,40}\W?(?:\d{4}[-/]\d\d[-/]\d\d|\d\d:\d\d:\d\d|[IWEF]\d{4} |(?:\[?(?:INFO|DEBUG|WARN(?:ING)?|ERROR|CRITICAL)\b)"
    r"|(?:Train(?:ing)?|Valid\w{0,10}|Eval\w{0,10}|Test\w{0,4})?\W{0,3}(?:epoch|step|iter(?:ation)?)s?\W{0,4}\d+\W+[\w/ ]{0,30}[:=\d]"
    r"|File \"|Traceback|\w{0,40}(?:Error|Exception|Warning): |\[\d+/\d+\]|\[?rank\d+\]?)|\d%\||it/s\]|s/it\]|<\d\d:\d\d|\| ?[\d.]{1,12} ?\|",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"^(?:\s{4,}|\t|>>>|\$ |! ?(?:pip|python|git)|sudo |pip3? |conda |python3? |nohup |bash |sh |torchrun |accelerate |CUDA_VISIBLE|export "
    r"|import \w|from [\w.]+ import|(?:async )?def \w|class \w+[:(]|for \w.{0,80}:$|if .{0,80}:$|return\b|@\w|[\w.]{1,60}\s?=\s?[\w.\[({'\"]|[\w.]{1,60}\(.{0,200}\)$|[{}\[\]()])"
    r"|[;{]\s*$|^\s*#!"
)
_ASSIGNMENT = re.compile(r"[\w/]{1,40}['\"]?\s?[:=]\s?-?\d")
# An echo of metrics or settings names this many numbers in a line.
_ASSIGNMENTS = 3
# A person asks, greets, thanks or speaks in the first person.
_PERSON = re.compile(
    r"\b(?:I|I'm|I've|Im|we|my|our|me|you|hi|hello|hey|thanks?|thank you|please|pls|why|how|anyone|any ideas?|help|problem|issue|question)\b"
    r"|[?？]|我|请问|您|你好|为什么|怎么|如何|谢谢|求|大佬|吗|呢",
    re.IGNORECASE,
)
_ENDS = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=[。！？；])|\s{0,4};\s|(?<=\.\.\.)\s*")
_UNFINISHED = re.compile(r"(?:[a-z,]|\b(?:the|a|an|of|to|and|or|with|is|are))$")


@dataclass(slots=True)
class Sentence:
    """`text` is without markup, `first` and `last` are the lines it stands on."""

    text: str
    first: int
    last: int


@dataclass(slots=True)
class _Block:
    """Lines between blank lines, as (number, text); `log` when one of them is a line of a log."""

    lines: list[tuple[int, str]] = field(default_factory=list)
    log: bool = False


class Prose:
    """Collects lines; `sentences` gives what a person wrote in them, in order."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = [_Block()]
        self._fenced = False
        self._commented = False
        self._expect = 0

    def feed(self, number: int, text: str) -> None:
        """One line; a gap in the numbers ends a paragraph."""
        if _FENCE.match(text):
            # A fence that opens and closes on one line is a piece of code in a sentence.
            self._fenced ^= text.count("```") % 2 == 1 or "~~~" in text
            self._end_block()
            return
        if self._fenced:
            return
        text = self._uncommented(text[:_MAX_LINE])
        if not text.strip() or number > self._expect:
            self._end_block()
        self._expect = number + 1
        if text.strip():
            self._take(number, text)

    def sentences(self) -> list[Sentence]:
        """Nothing when the text is a log in which nobody speaks: no title, no question, no first person."""
        blocks = [block for block in self._blocks if block.lines and not block.log]
        told = [text for block in blocks for _, text in block.lines]
        titled = bool(blocks) and blocks[0] is self._blocks[0] and len(blocks[0].lines) == 1
        spoken = titled or any(_PERSON.search(text) or _HAN.search(text) for text in told)
        if not spoken and any(block.log for block in self._blocks):
            return []
        return [sentence for block in blocks for sentence in _split(block.lines)]

    def _take(self, number: int, text: str) -> None:
        block = self._blocks[-1]
        if _is_log(text):
            if len(block.lines) == 1 and _PERSON.search(block.lines[0][1]):
                self._end_block()  # a question right above its log
                block = self._blocks[-1]
            block.log = True
        elif block.log and _PERSON.search(text) and _is_prose(text):
            self._end_block()
            self._blocks[-1].lines.append((number, _bare(text)))
        elif not _SKIPPED.match(text) and _is_prose(text):
            block.lines.append((number, _bare(text)))

    def _end_block(self) -> None:
        if self._blocks[-1].lines or self._blocks[-1].log:
            self._blocks.append(_Block())

    def _uncommented(self, text: str) -> str:
        """Without what stands between the marks of an HTML comment, over several lines too."""
        if self._commented:
            _, mark, text = text.partition("-->")
            self._commented = not mark
            if self._commented:
                return ""
        if "<!--" in text:
            text = _COMMENT.sub(" ", text)
            text, mark, _ = text.partition("<!--")
            self._commented = bool(mark)
        return text


def _is_log(text: str) -> bool:
    return _LOG.search(text) is not None or len(_ASSIGNMENT.findall(text)) >= _ASSIGNMENTS


def _is_prose(text: str) -> bool:
    """Two English words or two Han characters at least, and letters more than half of what is not blank."""
    if _CODE.search(text) and not _HAN.search(text):
        return False
    letters = len(_LATIN_OR_HAN.findall(text))
    enough = len(_HAN.findall(text)) >= 2 or len(_WORD.findall(text)) >= 2
    return enough and letters * 2 > sum(1 for character in text if not character.isspace())


def _bare(text: str) -> str:
    text = _LINK.sub(r"\1", text)
    text = _MARKUP.sub(" ", text)
    return " ".join(text.replace("**", "").replace("`", "").replace("’", "'").split())


def _split(lines: list[tuple[int, str]]) -> Iterator[Sentence]:
    """Sentences end at their marks and with their line, except where an editor wrapped the line."""
    held: Sentence | None = None
    for number, text in lines:
        parts = [part.strip() for part in _ENDS.split(text) if part.strip()]
        for index, part in enumerate(parts):
            if held is not None and index == 0 and part[:1].islower():
                held = Sentence(f"{held.text} {part}", held.first, number)
            else:
                if held is not None:
                    yield held
                held = Sentence(part, number, number)
        if held is not None and not (len(text) >= _WRAPPED and _UNFINISHED.search(text)):
            yield held
            held = None
    if held is not None:
        yield held
