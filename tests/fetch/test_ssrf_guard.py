"""Only the public internet may be dialled, in whatever form an address comes."""

from __future__ import annotations

import asyncio

import pytest

from watcher.fetch import SsrfGuard
from watcher.fetch.errors import FetchError

REFUSED = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "0", "10.0.0.1", "172.16.0.1",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.254", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1", "2001:db8::1",
    "fe80::1", "fe80::1%eth0", "fc00::1", "fd00::1", "fec0::1", "ff02::1", "3fff::1", "5f00::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.215.14", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"]


def addresses(host: str, *, allow: tuple[str, ...] = (), answers: list[str] | None = None) -> list[str]:
    async def resolve(_host: str, _port: int) -> list[str]:
        assert answers is not None, "an address is no name"
        return answers

    return asyncio.run(SsrfGuard(allow, resolve).addresses(host, 80))


@pytest.mark.parametrize("address", REFUSED)
def test_address_inside_is_refused_as_written(address: str) -> None:
    with pytest.raises(FetchError) as caught:
        addresses(f"[{address}]" if ":" in address else address)

    assert caught.value.kind == "refused"


@pytest.mark.parametrize("address", [address for address in REFUSED if "." in address or ":" in address])
def test_name_that_leads_inside_is_refused(address: str) -> None:
    with pytest.raises(FetchError):
        addresses("post.example", answers=[address])


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_may_be_dialled(address: str) -> None:
    assert addresses("post.example", answers=[address]) == [address]
    assert addresses(address) == [address]


def test_name_that_is_half_inside_is_refused_whole() -> None:
    with pytest.raises(FetchError):
        addresses("post.example", answers=["1.1.1.1", "127.0.0.1"])


@pytest.mark.parametrize("allow", ["10.1.0.0/16", "10.1.2.3", "wiki.example"])
def test_operator_opens_a_network_or_a_name(allow: str) -> None:
    assert addresses("wiki.example", allow=(allow,), answers=["10.1.2.3"]) == ["10.1.2.3"]


@pytest.mark.parametrize("answer", ["10.2.0.1", "127.0.0.1", "fd00::1"])
def test_opened_network_opens_no_other(answer: str) -> None:
    with pytest.raises(FetchError):
        addresses("wiki.example", allow=("10.1.0.0/16",), answers=[answer])


def test_opened_network_counts_for_its_mapped_form() -> None:
    assert addresses("wiki.example", allow=("10.1.0.0/16",), answers=["::ffff:10.1.2.3"]) == ["::ffff:10.1.2.3"]


def test_opened_name_opens_no_longer_one() -> None:
    with pytest.raises(FetchError):
        addresses("evil-wiki.example", allow=("wiki.example",), answers=["10.1.2.3"])


def test_name_without_an_address_is_no_name() -> None:
    with pytest.raises(FetchError) as caught:
        addresses("post.example", answers=[])

    assert caught.value.kind == "dns"
