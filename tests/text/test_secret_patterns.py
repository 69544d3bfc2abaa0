"""A secret is masked in whatever form a server repeats it, and nothing else is."""

from __future__ import annotations

import base64
import html
import json
import quopri
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.text.secret_patterns import MASK, mask_secrets

SECRET = "Zebra9/sec+ret&x=1 ü'<k>"
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "upper case": str.upper,
    "address": lambda secret: quote(secret, safe=""),
    "path of an address": quote,
    "form": quote_plus,
    "every byte of an address": lambda secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    "address twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "HTML": html.escape,
    "HTML of a strict escaper": lambda secret: html.escape(secret).replace("/", "&#x2F;").replace("=", "&#x3D;"),
    "HTML twice": lambda secret: html.escape(html.escape(secret)),
    "HTML of numbers": lambda secret: "".join(f"&#{ord(character)};" for character in secret),
    "address in HTML": lambda secret: html.escape(quote(secret)),
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON of another escaper": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1].replace("/", "\\/"),
    "JSON of numbers": lambda secret: "".join(f"\\u{ord(character):04x}" for character in secret),
    "quoted-printable": lambda secret: quopri.encodestring(secret.encode()).decode(),
    "broken lines": lambda secret: "\n".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    "broken mail": lambda secret: secret[:6] + "=\r\n" + secret[6:],
    "hexadecimal": lambda secret: secret.encode().hex(),
    "Base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "Base64 of an address": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "Base64 of a login": lambda secret: base64.b64encode(f"watcher:{secret}".encode()).decode(),
    "Base64 of a header": lambda secret: base64.b64encode(f"Bearer {secret} x".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_masked_in_every_form(form: str) -> None:
    repeated = FORMS[form](SECRET)

    masked = mask_secrets(f"Cannot POST /{repeated} (404)", [SECRET])

    assert MASK in masked
    assert repeated not in masked
    left = re.sub(re.escape(MASK), "", masked)
    assert len(left) <= len("Cannot POST / (404)") + 20  # what Base64 shares with its neighbours, and padding
    assert masked.startswith("Cannot POST /")
    assert masked.endswith("(404)")


@pytest.mark.parametrize("form", [name for name in FORMS if not name.startswith(("Base64", "hexadecimal"))])
def test_a_secret_that_the_end_of_the_text_cuts_is_masked(form: str) -> None:
    repeated = FORMS[form](SECRET)
    whole = f"Cannot POST /{repeated}"

    # From the sixth character of the secret on, wherever the text ends; dots may follow.
    begins = len("Cannot POST /") + len(FORMS[form](SECRET[:6]))
    for end in range(begins, len(whole)):
        for dots in ("", "…", "..."):
            assert mask_secrets(whole[:end] + dots, [SECRET]).rstrip(".…") == f"Cannot POST /{MASK}", whole[:end]


@settings(deadline=None)
@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=5, max_size=40).filter(
        lambda secret: secret.strip() == secret
    ),
    st.sampled_from(sorted(FORMS)),
)
def test_any_secret_is_masked(secret: str, form: str) -> None:
    try:
        repeated = FORMS[form](secret)
    except UnicodeEncodeError:
        return
    if form == "upper case" and repeated.lower() != secret.lower():
        return  # ß and its like are other letters in upper case
    if form in {"broken lines", "quoted-printable", "broken mail"} and re.search(r"\s", secret):
        return

    assert mask_secrets(f"<{repeated}>", [secret]) != f"<{repeated}>"


def test_a_long_secret_costs_little_and_other_words_stay() -> None:
    long = "https://hooks.example/services/" + "aB3-_" * 400

    text = "HTTP 404 no such hook; services are listed at https://hooks.example/help " * 20

    assert mask_secrets(text, [long]) == text
    assert mask_secrets(f"no {long} here", [long]) == f"no {MASK} here"
