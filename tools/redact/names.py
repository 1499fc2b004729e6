"""Names that say of their value that it opens somebody's account, and the values that stand beside them in any text."""

import re
from collections.abc import Iterator
from typing import NamedTuple

# Whole last words only: pad_token and max_tokens are settings, hub_token and HF_TOKEN are not.
_SECRET = re.compile(
    r"(?:^|[_.\-])(?:api_?key(?:_?id)?|secret(?:_?key)?|secret_?access_?key|client_?secret|app_?secret|password|passwd|"
    r"passphrase|credentials?|private_?key(?:_?id)?|access_?key(?:_?id)?|account_?key|shared_?access_?key|"
    r"encryption_?key|signing_?key|webhook_?(?:url|secret)|connection_?string|"
    r"(?:hub|hf|hugging_?face|access|auth|bearer|github|gh|git|gitlab|api|wandb|comet|neptune|session|security|refresh|"
    r"push_to_hub|login|bot|deploy|npm|pypi|slack|oauth|csrf|personal_?access)_?token)$|^token$",
    re.IGNORECASE,
)
# What is written where a value was taken out or is to be filled in, and references to where it is kept.
_NO_VALUE = re.compile(
    r"(?:none|null|nil|true|false|yes|no|unset|undefined|hidden|masked|redacted|changeme|\*+|x+|-+|<[^<>]*>?|\$.*|"
    r"\{.*|%\(.*|\[redacted:.*|your.*|.*(?:\.\.\.|…).*)?$",
    re.IGNORECASE,
)
# The endings of all those names, looked for as plain texts: a hundred times faster than an expression.
_ENDINGS = (
    "password", "passwd", "passphrase", "secret", "token", "credential", "credentials", "webhook_url",
    "connection_string", "connectionstring", "api_key", "apikey", "api-key", "secret_key", "secretkey", "secret-key",
    "access_key", "accesskey", "access-key", "private_key", "privatekey", "account_key", "accountkey",
    "encryption_key", "signing_key", "key_id", "keyid", "key-id",
)  # fmt: skip
_NAME = re.compile(r"(?:--)?[A-Za-z0-9_.-]{0,80}$")
# A quote in a file may be escaped, as code in a notebook is. A comma parts name and value between quotes only:
# os.environ.setdefault("HF_TOKEN", "...").
_QUOTE = r"(?:\\?[\"'])"
_BEFORE = rf"(?:{_QUOTE}\]?[ \t]{{0,20}}(?:=>|[:=│|,])|\]?[ \t]{{0,20}}(?:=>|:=|[:=│|]|\.{{2,40}}))[ \t]{{0,4}}"
_QUOTED = r"(?P<quote>\\?[\"'])(?P<quoted>[^\s\"'\\][^\"'\n\\]{2,1000})(?P=quote)"
# Without quotes nothing that reads as an expression of a program (`password = args.password`), a number or a word.
_BARE = (
    r"(?=[^\s\"',;]{0,200}[0-9+/!@#%^*$~])(?![A-Za-z_][\w.]{0,200}\s?[(\[])(?![+-]?[\d.]+(?:[\s,;)\]}]|$))"
    r"(?P<bare>[^\s\"'`,;&)\]}(\[{<.][^\s\"'`,;&)\]}(\[{<]{3,1000})"
)
_ASSIGNED = re.compile(rf"{_BEFORE}(?:{_QUOTED}|{_BARE})")
# `env` and `docker run -e`: upper case and no spaces; the value may be a plain word. So may that of an option.
_DUMPED = re.compile(r"=(?P<dumped>[^\s\"',;]{3,1000})")
_GIVEN = re.compile(r"(?:=|\s{1,3})(?P<given>[^\s\"'-][^\s\"']{2,1000})")
_GROUPS = ("quoted", "bare", "dumped", "given")
# A bare "token" is an everyday word here: only a value that no piece of a vocabulary looks like.
_STRONG = re.compile(r"(?=[\w.-]{0,400}\d)(?=[\w.-]{0,400}[A-Za-z])[A-Za-z0-9][\w.-]{19,400}$")


class NamedValue(NamedTuple):
    """Where a secret stands, and the name it stands beside."""

    first: int
    last: int
    name: str


def is_secret(name: str) -> bool:
    """Whether a setting of that (dotted) name holds a secret."""
    return _SECRET.search(name) is not None


def is_secret_value(name: str, value: object) -> bool:
    """Whether the value of a setting with a secret's name is one: not empty, masked, a reference or a token's id."""
    if value is None or isinstance(value, bool):
        return False
    text = str(value).strip()
    if _NO_VALUE.match(text):
        return False
    return not (name.lower().endswith("token") and text.lstrip("-").isdigit())


def kind_of(name: str) -> str:
    """What a setting with a secret's name holds, in one word."""
    plain = name.lower()
    if "passw" in plain or "passphrase" in plain:
        return "password"
    return next((word for word in ("token", "key") if word in plain), "secret")


def named_values(text: str, lowered: str) -> Iterator[NamedValue]:
    """The values that stand beside a secret's name, in order; `lowered` is the same text in lower case."""
    ends = sorted({end for word in _ENDINGS for end in _ends(word, lowered)})
    after = 0
    for end in ends:
        found = _value(text, end) if end >= after and not text[end : end + 1].isalnum() else None
        if found is not None:
            after = found.last
            yield found


def _ends(word: str, lowered: str) -> Iterator[int]:
    at = lowered.find(word)
    while at >= 0:
        yield at + len(word)
        at = lowered.find(word, at + len(word))


def _value(text: str, end: int) -> NamedValue | None:
    """The value of the name that ends at `end`."""
    if not (following := text[end : end + 1]) or following == "_":
        return None
    found = _ASSIGNED.match(text, end)
    before = _NAME.search(text, max(0, end - 80), end)
    name = before[0] if before else ""
    if found is None:
        found = (
            _GIVEN.match(text, end) if name.startswith("--") else _DUMPED.match(text, end) if name.isupper() else None
        )
    bare = name.lstrip("-").replace("-", "_")
    if found is None or not is_secret(bare):
        return None
    group = next(group for group in _GROUPS if found.groupdict().get(group) is not None)
    if not is_secret_value(bare, found[group]) or (bare.lower() == "token" and not _STRONG.match(found[group])):
        return None
    return NamedValue(found.start(group), found.end(group), bare)
