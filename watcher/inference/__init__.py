"""Clients of encoders: what turns a text into a vector. Without the extra `meaning` there is none."""

from watcher.inference.encoder import Encoder
from watcher.inference.open_encoder import can_use_bundled, open_encoder, open_encoder_of

__all__ = ["Encoder", "can_use_bundled", "open_encoder", "open_encoder_of"]
