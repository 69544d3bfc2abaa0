"""What a channel kind consists of: a model of its options, a pure renderer, and a sender."""

from watcher.channels.channel_type import ChannelType
from watcher.channels.options_model import OptionsModel, RetriedOptions
from watcher.channels.sending import DigestBody, OnStep, OutgoingMessage, Sender, SenderContext, Target

__all__ = [
    "ChannelType",
    "DigestBody",
    "OnStep",
    "OptionsModel",
    "OutgoingMessage",
    "RetriedOptions",
    "Sender",
    "SenderContext",
    "Target",
]
