"""Reading for meaning in a process: opens the encoder that is configured, and another where that changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from watcher.app.bootstrap import App
from watcher.inference import open_encoder, open_encoder_of
from watcher.model.encoder import EncoderEngine, EncoderOptions

if TYPE_CHECKING:
    from watcher.inference import Encoder
    from watcher.pipeline.embedding import MeaningReader, ReadingOptions

log = structlog.get_logger()

RUN_PERIOD = timedelta(seconds=5)
"""How long one run reads at most; the next follows within a second."""


class ReadingService:
    """Reads stored entries for their meaning, by the configuration in force. `run_once` belongs to one thread.

    Without an encoder it does nothing, and says so once where topics have sentences.
    """

    def __init__(
        self,
        app: App,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        *,
        owner: str,
        is_busy: Callable[[], bool] = lambda: True,
        on_read: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._app = app
        self._clock = clock
        self._monotonic = monotonic
        self._owner = owner
        self._is_busy = is_busy
        self._on_read = on_read
        self._reader: MeaningReader | None = None
        self._opened_with: EncoderOptions | None = None
        self._changing = threading.Lock()
        self._closed = False

    def run_once(self) -> int:
        """Learn and read for a few seconds at most; return how many entries were read. Raises StoreError."""
        reader = self._get_reader()
        return reader.run_for(RUN_PERIOD) if reader is not None else 0

    def read_everything(self, on_progress: Callable[[int, int], None]) -> int:
        """Read until nothing is unread; return how many. Raises EncoderUnavailable, and UsageError without encoder."""
        from watcher.errors import UsageError

        reader = self._get_reader()
        if reader is None:
            raise UsageError("no encoder is configured: " + describe_missing_encoder(self._app.settings.meaning))
        return reader.read_everything(on_progress)

    def close(self) -> None:
        """End the encoder at once: what it reads at the moment is read by the next process."""
        with self._changing:
            self._closed = True
            if self._reader is not None:
                self._reader.close()

    def _get_reader(self) -> MeaningReader | None:
        options = self._app.settings.meaning
        with self._changing:
            if self._closed:
                return None
            if self._opened_with is not None and self._opened_with == options:
                return self._reader
            if self._reader is not None:
                self._reader.close()
            self._opened_with = options
            encoder = open_encoder(options)
            self._reader = self._build_reader(encoder, options) if encoder is not None else None
        if self._reader is None and any(topic.has_meaning for topic in self._app.settings.topics):
            log.warning("topics have sentences, and proposals are off", reason=describe_missing_encoder(options))
        return self._reader

    def _build_reader(self, encoder: Encoder, options: EncoderOptions) -> MeaningReader:
        from watcher.meaning.background import load_shipped_background
        from watcher.pipeline.embedding import MeaningReader

        return MeaningReader(
            self._app.database,
            encoder,
            self._get_options,
            self._clock,
            self._monotonic,
            owner=self._owner,
            is_busy=self._is_busy,
            find_shipped=load_shipped_background,
            open_former=lambda name: open_encoder_of(name, options),
            on_read=self._on_read,
        )

    def _get_options(self) -> ReadingOptions:
        from watcher.pipeline.embedding import ReadingOptions

        settings = self._app.settings
        return ReadingOptions(
            topics=settings.topics,
            cpu=settings.meaning.cpu,
            timezone=settings.meaning.timezone,
            keep_proposals_for=settings.retention.entries,
        )


def describe_missing_encoder(options: EncoderOptions) -> str:
    """Return why there is no encoder, and what to do about it."""
    if options.engine is EncoderEngine.NONE and not options.is_default:
        return "`meaning.engine` is `none`"
    return "the extra is not installed: pip install 'newsdesk-watcher[meaning]'"
