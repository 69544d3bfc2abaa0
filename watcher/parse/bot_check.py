"""Pages that want to see a browser before they show anything: what a bot check looks like in HTML."""

from __future__ import annotations

import re

# Cloudflare (three generations of its challenge), Imperva, DataDome, HUMAN, DDoS-Guard, Sucuri, AWS WAF.
_SIGNS = (
    r"just a moment\.\.\.|cf-browser-verification|challenge-platform|cf_chl_|cf-chl|attention required! \| cloudflare"
    r"|_incapsula_resource|captcha-delivery|datadome|px-captcha|ddos-guard|sucuri website firewall|awswafintegration"
    r"|checking your browser|enable javascript and cookies|verify(?:ing)? (?:that )?you are (?:a )?human"
)
_IN_TEXT = re.compile(_SIGNS, re.IGNORECASE)
_IN_BYTES = re.compile(_SIGNS.encode("ascii"), re.IGNORECASE)


def has_bot_check(page: str | bytes) -> bool:
    """Return whether the beginning of an HTML page is that of a bot check.

    Only to be asked of HTML: a feed may well report on Cloudflare.
    """
    return (_IN_TEXT.search(page) if isinstance(page, str) else _IN_BYTES.search(page)) is not None
