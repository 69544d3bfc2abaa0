"""Ways out: e-mail, Slack, webhooks, Apprise, files. A sender answers with an outcome and raises for no server."""

from watcher.deliver.chat import SlackSender
from watcher.deliver.everything import AppriseSender
from watcher.deliver.files import FileSender
from watcher.deliver.hook import WebhookSender
from watcher.deliver.mail import EmailSender
from watcher.deliver.outcome import Blocked, Deferred, Outcome, Refused, Sender, Sent, Uncertain
from watcher.deliver.payload import freeze, thaw
from watcher.deliver.senders import senders

__all__ = [
    "AppriseSender",
    "Blocked",
    "Deferred",
    "EmailSender",
    "FileSender",
    "Outcome",
    "Refused",
    "Sender",
    "Sent",
    "SlackSender",
    "Uncertain",
    "WebhookSender",
    "freeze",
    "senders",
    "thaw",
]
