"""The secrets taken out of what is logged before it becomes a line: those that are known, and what looks like one.

It runs in the containers of bots, too, so nothing is imported here that only hosts have.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Callable
from urllib.parse import quote, quote_plus

MARK = "[secret]"
LONG = 12  # a text of a file of secrets that is as long is one, whatever it is called
WORD = 4  # what is shorter is taken out only where it stands alone: it would be found in every word
PART = 24  # a line of a secret of several lines that is as long is one by itself
CODED = 8  # a secret that is as long is known in base64, too: a shorter one would be found in other words
CREDENTIAL = re.compile(r"(?i)pass(word|wd|phrase)|secret|token|(api|private)_?-?key|^key$|^uid$|signature")
QUOTED = re.compile(r"%([0-9A-Fa-f]{2})")
WORDS = r"(?:pass(?:word|wd|phrase)|secret|token|api[_-]?key|private[_-]?key|signature)"
IN_QUOTES = r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|(?P<open>\\+[\"']).*?(?P=open)|\\+[\"'][^\s]*"
NAME = re.compile(WORDS, re.IGNORECASE)  # of a field whose text is a secret, whatever it says
VALUE = rf"(?:{IN_QUOTES}|(?!\[secret\])[^\s,;&\"'}}\])]+)"
# Forms of secrets: texts, in small letters, without any of which the form is not looked for; its pattern; and the text
# that takes its place.
BEARER = r"(?i)(\bbearer\s{1,4}|authorization[\"'\\:=\s]{1,8}basic\s{1,4})[A-Za-z0-9._~+/=-]{8,}"
NAMED = rf"(?is)({WORDS}[a-z0-9_-]{{0,20}}(?:[\"'\\]|%22|%27){{0,8}}\s{{0,4}}(?:[:=]|%3[ad])\s{{0,4}}){VALUE}"
PEM = r"(?s)-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)"
FORMS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    (("private key",), re.compile(PEM), MARK),
    (("://",), re.compile(r"(://[^\s:@/]{0,200}:)[^\s@]{1,1000}@"), rf"\g<1>{MARK}@"),
    (("bearer", "authorization"), re.compile(BEARER), rf"\g<1>{MARK}"),
    (("pass", "secret", "token", "key", "signature"), re.compile(NAMED), rf"\g<1>{MARK}"),
    ((":",), re.compile(r"(?<![0-9])[0-9]{5,20}:[A-Za-z0-9_-]{30,100}"), MARK),
)

Redact = Callable[[str], str]


class Redactor:
    """Takes secrets out of texts.

    Args:
        secrets: The values that are known to be secret.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
        self.longest = max(map(len, forms), default=0)
        self._known = re.compile("|".join(map(_pattern, forms))) if forms else None

    def known(self, text: str) -> str:
        """Return ``text`` without the values that are known; what only looks like a secret stays."""
        return text if self._known is None else self._known.sub(MARK, text)

    def __call__(self, text: str) -> str:
        """Return ``text`` without them."""
        text = self.known(text)
        small = text.lower()
        for needed, pattern, instead in FORMS:
            if any(word in small for word in needed):
                text = pattern.sub(instead, text)
        return text


def secrets_of(document: Any) -> set[str]:
    """Return the texts of a file of secrets that must not be read: the long ones, and every one called like one."""
    return {secret for secret in _texts(document, called=False) if secret.strip()}


def _texts(value: Any, *, called: bool) -> Iterator[str]:
    """Give the secrets inside a value of JSON.

    Args:
        value: The value.
        called: Whether its name is that of a secret.
    """
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, called=called or bool(CREDENTIAL.search(str(name))))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, called=called)
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and called:
        yield str(value)
    elif isinstance(value, str):
        if called or len(value) >= LONG:
            yield value
        yield from _of_url(value)


def _of_url(text: str) -> Iterator[str]:
    """Give the password of a URL, and what stands behind its host, where that is long enough to open something."""
    scheme, _, rest = text.partition("://")
    yield rest.rpartition("@")[0].partition(":")[2]
    if scheme in ("http", "https"):  # the rest of another one names a file or a database
        yield from (part for part in re.split(r"[/?&=#]", rest.partition("/")[2]) if len(part) >= LONG)


def _forms(secret: str) -> Iterator[str]:
    """Give a secret as it may stand in a text: plain, escaped once and twice, quoted for a URL, coded, line by line."""
    plain = {secret, secret.strip(), *(line.strip() for line in secret.splitlines() if len(line.strip()) >= PART)}
    for text in plain - {""}:
        escaped = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]}
        yield from {text, *escaped, *(json.dumps(each)[1:-1] for each in escaped)}
        yield from {quote(text), quote(text, safe=""), quote_plus(text)}
        if len(text) >= CODED:
            raw = text.encode("utf-8", "replace")
            yield from {code(raw).decode().rstrip("=") for code in (base64.b64encode, base64.urlsafe_b64encode)}


def _pattern(form: str) -> str:
    """Return the pattern of a form; what is quoted for a URL is known in large and in small letters."""
    pattern = QUOTED.sub(r"%(?i:\1)", re.escape(form))
    return pattern if len(form) >= WORD else rf"(?<!\w){pattern}(?!\w)"
