"""One run that is talked about: where it lies, what was supplied besides, and what was told about it."""

import hashlib
from pathlib import Path

from misrun.agents.request import Request
from misrun.tools.record import Record


class Case(Record):
    """One run of a conversation. `path` is the user's folder or file, None where everything was pasted.

    `folder` belongs to misrun: `files/` holds pasted code and settings (and files given to a pasted case), `pieces` are
    the pasted texts in their order. `declined` are the things asked for that the user does not have. `asked` is the
    open question. `investigation` and `created` name the investigation of the present state, `report` the last report.
    """

    number: int
    folder: str
    path: str | None = None
    pieces: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()
    asked: str = ""
    solved: str = ""
    investigation: str = ""
    created: str = ""
    report: str = ""

    @property
    def name(self) -> str:
        return "what you pasted" if self.path is None else Path(self.path).name

    @property
    def files(self) -> Path:
        return Path(self.folder) / "files"

    @property
    def supplied(self) -> Path:
        """All pasted texts as one, the file that "<stdin>" stands for in citations."""
        return Path(self.folder) / "supplied.txt"

    def request(self) -> Request:
        """The investigation of what is known by now; writes what was pasted to where it is read from."""
        self.files.mkdir(parents=True, exist_ok=True)
        if self.pieces:
            texts = [(Path(self.folder) / piece).read_text("utf-8").rstrip("\n") for piece in self.pieces]
            self.supplied.write_text("\n\n".join(texts) + "\n", encoding="utf-8")
        return Request(
            id=self.investigation,
            path=self.path or str(self.files),
            created=self.created,
            supplied=str(self.supplied) if self.pieces else None,
            tried=self.tried,
            siblings=self.path is not None,
        )

    def with_piece(self, turn: int, text: str) -> "Case":
        """This case with a text that was pasted at that turn; doing it twice is doing it once."""
        return self._written(Path(self.folder) / f"piece-{turn}.txt", text)

    def with_file(self, name: str, text: str) -> "Case":
        """This case with a file of its own."""
        self.files.mkdir(parents=True, exist_ok=True)
        (self.files / name).write_text(text, encoding="utf-8")
        return self

    def _written(self, file: Path, text: str) -> "Case":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return self.model_copy(update={"pieces": tuple(dict.fromkeys((*self.pieces, file.name)))})

    def begun(self, session: str, turn: int, now: str) -> "Case":
        """This case with an investigation to be made at that turn. The id follows from session and turn, so that a
        turn that was killed and is taken up again goes on with the same investigation."""
        identity = hashlib.sha256(f"{session} {turn}".encode()).hexdigest()[:8]
        return self.model_copy(update={"investigation": identity, "created": now})
