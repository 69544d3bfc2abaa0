"""One desk with news for all tests of the manual."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.docs.desk import Desk, furnish
from tests.servers import MailServer
from watcher import clock
from watcher.demo.server import DemoServer


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with DemoServer(clock.now()) as press, MailServer() as mailbox:
        yield furnish(folder, press, mailbox)
