"""Ways out: e-mail, Slack, webhooks, Apprise, files. A sender answers with an outcome and raises for no server."""

from watcher.channels.chat import SlackSender
from watcher.channels.everything import AppriseSender
from watcher.channels.files import FileSender
from watcher.channels.hook import WebhookSender
from watcher.channels.mail import EmailSender
from watcher.channels.outcome import Blocked, Deferred, Outcome, Refused, Sender, Sent, Uncertain
from watcher.channels.senders import senders

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
    "senders",
]
