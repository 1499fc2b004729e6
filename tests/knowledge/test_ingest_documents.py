"""The readers of the user's documents, and the page or paper that is fetched."""

import sys
from pathlib import Path

import httpx
import pytest

from misrun.knowledge.documents.document import MOST_BYTES, Unreadable
from misrun.knowledge.documents.registry import read_document
from misrun.knowledge.documents.remote import Remote, arxiv_id
from misrun.knowledge.html_text import excerpt, text_of
from misrun.knowledge.sources.web import Web

SHAPES = Path(__file__).parents[1] / "data" / "knowledge" / "api_shapes"


def pdf_with(text: str) -> bytes:
    """A PDF of one page, written by hand."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + b"xref\n0 6\n0000000000 65535 f \n" + table + tail


def test_a_pdf_gives_its_text() -> None:
    pytest.importorskip("pypdf")
    (document,) = read_document(pdf_with("The loss of the narwhal"), "paper.pdf", ".PDF")
    assert "The loss of the narwhal" in document.text
    with pytest.raises(Unreadable, match="damaged PDF"):
        read_document(b"%PDF-1.7 broken", "paper.pdf", ".pdf")
    with pytest.raises(Unreadable, match="no text in it"):
        read_document(pdf_with(""), "paper.pdf", ".pdf")


def test_without_pypdf_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(Unreadable, match=r"pip install misrun\[pdf\]"):
        read_document(pdf_with("x"), "paper.pdf", ".pdf")


def test_html_gives_what_a_reader_sees() -> None:
    page = (
        "<html><head><title>Wiki &amp; co</title><style>p{}</style></head><body><nav>menu</nav>"
        "<h1>Head</h1><p>One <b>two</b>&nbsp;three.</p><script>steal()</script><ul><li>a<li>b</ul><!-- hidden -->"
        "<textarea>typed</textarea></body></html>"
    )
    title, text = text_of(page)
    assert title == "Wiki & co"
    assert "One two three." in text
    assert text.split() == ["Head", "One", "two", "three.", "a", "b"]


@pytest.mark.parametrize(
    "page", ["<p", "<![CDATA[", "<!--", "</script></p>", "&#xFFFFFFFF;", "<a href='", "<!DOCTYPE x [<!ENTITY a 'b'>]>"]
)
def test_broken_html_is_read_without_complaint(page: str) -> None:
    title, text = text_of(f"<p>seen</p>{page}")
    assert title == ""
    assert "seen" in text


def test_markdown_loses_its_settings_and_keeps_the_words_of_links() -> None:
    page = b"---\nsecret_setting: 3\n---\n\n## Head line ##\n\nSee [the guide](https://x.example/a) here.\r\n"
    (document,) = read_document(page, "page.md", ".md")
    assert document.title == "Head line"
    assert "See the guide here." in document.text
    assert "secret_setting" not in document.text


@pytest.mark.parametrize(
    "data",
    [
        b'{"items": [{"title": "T", "body": "words", "html_url": "https://github.com/o/r/issues/1"}]}',
        b'{"title": "T", "description": "words", "web_url": "https://github.com/o/r/issues/1"}',
        b'{"title": "T", "body": "wo\\u200brds", "url": "https://github.com/o/r/issues/1"}\n{broken\n',
        b'[{"title": "T", "comments": [{"body": "words"}], "url": "https://github.com/o/r/issues/1"}]',
        b'[{"title": "T", "body": "words", "comments": 3, "html_url": "https://github.com/o/r/issues/1"}, 3, null]',
    ],
)
def test_issues_of_every_tool_are_read(data: bytes) -> None:
    (document,) = read_document(data, "issues.json", ".json")
    assert (document.title, document.text) == ("T", "words")
    assert document.url == "https://github.com/o/r/issues/1"


def test_an_address_in_a_file_that_is_none_is_dropped() -> None:
    (document,) = read_document(b'{"title": "T", "url": "javascript:alert(1)"}', "a.json", ".json")
    assert document.url == ""


def test_what_is_too_large_or_unknown_says_so() -> None:
    with pytest.raises(Unreadable, match="larger than 50 MiB"):
        read_document(bytes(MOST_BYTES + 1), "a.md", ".md")
    with pytest.raises(Unreadable, match=r"no reader for \.docx"):
        read_document(b"x", "a.docx", ".docx")


def test_an_excerpt_is_one_line_cut_between_words() -> None:
    assert excerpt("one\n two\x1b[31m three", 100) == "one two three"
    assert excerpt("alpha beta gamma", 12) == "alpha …"


@pytest.mark.parametrize(
    ("place", "identifier"),
    [
        ("2401.00001", "2401.00001"),
        ("arXiv:2401.00001v2", "2401.00001v2"),
        ("hep-th/9901001", "hep-th/9901001"),
        ("notes.md", ""),
        ("2401.1", ""),
        ("https://arxiv.org/abs/2401.00001", ""),
    ],
)
def test_arxiv_ids_are_told_from_files(place: str, identifier: str) -> None:
    assert arxiv_id(place) == identifier


def remote(tmp_path: Path, status: int, kind: str, body: bytes) -> Remote:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body, headers={"content-type": kind}))
    return Remote(Web(tmp_path, transport=transport, wait=lambda _: None), transport)


@pytest.mark.parametrize(
    ("url", "kind", "suffix"),
    [
        ("https://x.example/wiki", "text/html; charset=utf-8", ".html"),
        ("https://x.example/paper", "application/pdf", ".pdf"),
        ("https://raw.example/a/README.md", "text/plain", ".md"),
        ("https://raw.example/issues.jsonl", "application/octet-stream", ".jsonl"),
    ],
)
def test_a_page_is_read_by_its_content_type(tmp_path: Path, url: str, kind: str, suffix: str) -> None:
    assert remote(tmp_path, 200, kind, b"body").page(url) == (b"body", suffix)


@pytest.mark.parametrize(
    ("url", "status", "kind", "reason"),
    [
        ("https://x.example/", 404, "text/html", "HTTP 404"),
        ("https://x.example/", 200, "video/mp4", "video/mp4 has no reader"),
        ("https://me:pw@x.example/", 200, "text/html", "password"),
    ],
)
def test_a_page_that_cannot_be_had_says_why(tmp_path: Path, url: str, status: int, kind: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason) as error:
        remote(tmp_path, status, kind, b"x").page(url)
    assert "pw" not in str(error.value).replace("password", "")


def test_a_paper_is_looked_up_by_its_id(tmp_path: Path) -> None:
    paper = remote(tmp_path, 200, "application/atom+xml", (SHAPES / "arxiv_new.xml").read_bytes()).paper("2401.00001")
    assert (paper.title, paper.url) == ("An invented title", "https://arxiv.org/abs/2401.00001v2")
    assert paper.text == "Invented abstract."


def test_an_unknown_id_is_told_from_arxiv_being_away(tmp_path: Path) -> None:
    unknown = remote(tmp_path / "a", 200, "application/atom+xml", (SHAPES / "arxiv_old_empty.xml").read_bytes())
    with pytest.raises(Unreadable, match="knows no paper"):
        unknown.paper("9999.99999")
    with pytest.raises(Unreadable, match="arXiv is unavailable, HTTP 503"):
        remote(tmp_path / "b", 503, "text/html", b"").paper("9999.99999")
