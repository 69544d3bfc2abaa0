"""Judges refusals of an SMTP server: of the whole channel, of this message, or for now (RFC 5321, 3463)."""

from __future__ import annotations

import re
from enum import StrEnum

from watcher.channels.outcome import Blocked, Deferred, Refused, SendOutcome, format_answer


class Stage(StrEnum):
    """The commands of a mail transaction, in their order; before RCPT nothing concerns a single message."""

    CONNECT = "connect"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"


_BEFORE_MESSAGE = frozenset({Stage.CONNECT, Stage.EHLO, Stage.STARTTLS, Stage.AUTH, Stage.MAIL})
_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_LOGIN_CODES = frozenset({530, 534, 535, 538})
# 5.1.7/5.1.8 bad sender, 5.3.2 not accepting, 5.4.5 quota of the account, 5.7.0-9/13/14 login, 5.7.2x sender's domain.
_ACCOUNT_STATUS = frozenset({(1, 7), (1, 8), (3, 2), (4, 5), (7, 0), (7, 3), (7, 8), (7, 9), (7, 11), (7, 13), (7, 14)})
_ACCOUNT_WORDS = re.compile(
    r"\brelay|authenticat|(?:daily|hourly|sending|message|user) (?:\w+ )?(?:quota|limit|rate)|quota exceeded for sender"
    r"|account .{0,40}(?:suspend|disabled|blocked|locked)|client host|blocked using|block(?:ed)? ?list|blacklist"
    r"|not (?:permitted|allowed|authori[sz]ed) to send|sender (?:address )?(?:rejected|denied|blocked|not owned)"
    r"|spamhaus|(?:ip|address|host) .{0,60}(?:blocked|banned|listed)|banned (?:from )?send",
    re.IGNORECASE,
)


def judge_refusal(stage: Stage, code: int, message: str) -> SendOutcome:
    """Return what a reply that is no success means at a stage; `message` begins with the enhanced status, if any."""
    reason = f"{stage}: {code} {format_answer(message)}"
    if stage in _BEFORE_MESSAGE:
        return Blocked(reason=reason)
    if concerns_account(code, message):
        return Blocked(reason=reason)
    if code == 421:
        return Deferred(reason=reason, down=True)
    return Refused(reason=reason) if 500 <= code < 600 else Deferred(reason=reason)


def concerns_account(code: int, message: str) -> bool:
    """Return whether a refusal is about the sending account, the server or this machine, not about one message."""
    if code in _LOGIN_CODES:
        return True
    match = _ENHANCED.match(message)
    status = (int(match[2]), int(match[3])) if match is not None else None
    if status is not None:
        if status in _ACCOUNT_STATUS or (status[0] == 7 and (20 <= status[1] < 30 or status[1] >= 500)):
            return True
        # Mailbox, address, content and who may write to a group are about the message, whatever the words beside them.
        if status[0] in {1, 2, 6} or (status[0] == 7 and 100 <= status[1] < 200):
            return False
    return _ACCOUNT_WORDS.search(message) is not None
