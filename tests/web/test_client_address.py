"""Where a request comes from, and what is counted of it: nobody decides that for themselves."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from programmes.web.bursts import Bursts
from programmes.web.client_address import client_address

OURS = (ip_network("172.30.252.0/24"), ip_network("2001:db8:1::/48"))
NOW = datetime(2026, 9, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("socket", "forwarded", "found"),
    [
        # Without a proxy of ours nobody's word is taken.
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),
        # The proxy's word, from the right; what a client wrote stands to the left.
        ("172.30.252.5", ["192.0.2.7"], "192.0.2.7"),
        ("172.30.252.5", ["203.0.113.9, 192.0.2.7"], "192.0.2.7"),
        ("172.30.252.5", ["172.30.252.9, 203.0.113.9, 192.0.2.7"], "192.0.2.7"),
        ("172.30.252.5", ["203.0.113.9", "192.0.2.7"], "192.0.2.7"),
        # Two proxies in a row.
        ("172.30.252.5", ["203.0.113.9, 192.0.2.7, 172.30.252.6"], "192.0.2.7"),
        # Somebody behind the proxies, and nobody before.
        ("172.30.252.5", ["172.30.252.6"], "172.30.252.6"),
        # A port, brackets, IPv4 in IPv6, a zone.
        ("172.30.252.5", ["192.0.2.7:41234"], "192.0.2.7"),
        ("172.30.252.5", ["[2001:db8:7:8:9::1]:443"], "2001:db8:7:8::/64"),
        ("::ffff:192.0.2.7", [], "192.0.2.7"),
        ("fe80::1%eth0", [], "fe80::/64"),
        # A household's addresses are one.
        ("2001:db8:7:8::1", [], "2001:db8:7:8::/64"),
        ("2001:db8:7:8:ffff::2", ["192.0.2.7"], "2001:db8:7:8::/64"),
        ("2001:db8:1::5", ["2001:db8:7:9::2"], "2001:db8:7:9::/64"),
        # What can't be known is not guessed.
        ("172.30.252.5", [], None),
        ("172.30.252.5", ["192.0.2.7, unknown"], None),
        ("172.30.252.5", ["192.0.2.7, "], None),
        ("172.30.252.5", ["x" * 5000], None),
        ("testclient", [], None),
    ],
)
def test_the_address_is_that_of_the_socket_or_by_the_word_of_our_own_proxies(
    socket: str, forwarded: list[str], found: str | None
) -> None:
    assert client_address(socket, forwarded, OURS) == found


def test_the_seventh_within_the_window_is_one_too_many_and_an_hour_later_it_is_the_first() -> None:
    bursts = Bursts(6, timedelta(minutes=10))
    assert [bursts.count("192.0.2.7", NOW) for _ in range(8)] == [False] * 6 + [True] * 2
    assert not bursts.count("192.0.2.8", NOW)
    assert bursts.count("192.0.2.7", NOW + timedelta(minutes=9))
    assert not bursts.count("192.0.2.7", NOW + timedelta(hours=1))
    # Who goes on at a calm pace is never seen.
    calm = Bursts(6, timedelta(minutes=10))
    assert not any(calm.count("192.0.2.7", NOW + timedelta(minutes=2 * n)) for n in range(60))


def test_what_was_refused_is_not_counted_and_what_is_not_known_never_too_many() -> None:
    bursts = Bursts(2, timedelta(minutes=10))
    for _ in range(9):
        assert not bursts.count("192.0.2.7", NOW)
        bursts.uncount("192.0.2.7", NOW)
    assert not any(bursts.count(None, NOW) for _ in range(9))
    bursts.uncount(None, NOW)
    bursts.uncount("192.0.2.9", NOW)
    # Where it is full a form that is refused, or sent again, leaves it full.
    full = Bursts(2, timedelta(minutes=10))
    assert [full.count("192.0.2.7", NOW) for _ in range(2)] == [False] * 2
    for second in range(99):
        now = NOW + timedelta(seconds=second + 1)
        assert full.count("192.0.2.7", now)
        full.uncount("192.0.2.7", now)
        assert full.full("192.0.2.7", now)
    off = Bursts(0, timedelta(minutes=10))
    assert not any(off.count("192.0.2.7", NOW) for _ in range(9))


def test_the_memory_is_bounded_forgets_what_is_quiet_and_holds_no_address() -> None:
    bursts = Bursts(6, timedelta(minutes=10), addresses=50)
    for n in range(500):
        bursts.count(f"192.0.2.{n}", NOW)
    assert len(bursts) == 50
    assert not any(b"192" in digest for digest in bursts._seen)
    for _ in range(1000):
        bursts.count("198.51.100.1", NOW)
    assert max(len(times) for times in bursts._seen.values()) == 28
    bursts.count("198.51.100.2", NOW + timedelta(minutes=10))
    assert len(bursts) == 1
