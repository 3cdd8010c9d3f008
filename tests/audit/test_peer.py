"""The client's address behind 0, 1 and 2 trusted proxies: what a client writes itself counts for nothing."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory
from pytest_django import Settings

from tenants import peer
from tenants.models import AuditEntry, Team, User

# What the client wrote, what the proxies added; the connection comes from the last proxy, 10.0.0.1.
FORGED = "6.6.6.6, 127.0.0.1"
CHAINS = {0: FORGED, 1: f"{FORGED}, 203.0.113.7", 2: f"{FORGED}, 203.0.113.7, 10.0.0.2"}
CLIENT = {0: "10.0.0.1", 1: "203.0.113.7", 2: "203.0.113.7"}


def request_address(forwarded: str | None, remote: str = "10.0.0.1") -> str | None:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return peer.address(RequestFactory(REMOTE_ADDR=remote).get("/", headers=headers))


def scope_address(forwarded: str | None, remote: str = "10.0.0.1") -> str | None:
    headers = [(b"host", b"berth")]
    for value in (forwarded or "").split(";"):
        headers.append((b"x-forwarded-for", value.encode()))
    return peer.address({"client": (remote, 5000), "headers": headers})


both = pytest.mark.parametrize("address", [request_address, scope_address])


@both
@pytest.mark.parametrize("proxies", CHAINS)
def test_forged_hop_changes_nothing(address, settings: Settings, proxies: int) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert address(CHAINS[proxies]) == CLIENT[proxies]


@both
@pytest.mark.parametrize("forwarded", [None, "", "203.0.113.7", ", ,", "unknown, nonsense"])
def test_short_or_unreadable_header_leaves_the_connections_address(address, settings: Settings, forwarded) -> None:
    settings.TRUSTED_PROXIES = 2
    assert address(forwarded) == "10.0.0.1"


def test_header_in_two_lines_is_one_list(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    assert scope_address("6.6.6.6;203.0.113.7") == "203.0.113.7"


@both
@pytest.mark.parametrize(
    ("hop", "clean"),
    [
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("2001:db8:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_addresses_are_written_one_way(address, settings: Settings, hop: str, clean: str) -> None:
    settings.TRUSTED_PROXIES = 1
    assert address(hop) == clean


def test_no_address_is_none() -> None:
    assert request_address(None, remote="") is None
    assert peer.address({"client": None, "headers": []}) is None


@pytest.mark.parametrize("proxies", CHAINS)
def test_audit_line_has_the_clients_address(settings: Settings, proxies: int, carol: User, team: Team) -> None:
    settings.TRUSTED_PROXIES = proxies
    client = Client(REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": CHAINS[proxies]})
    client.force_login(carol)
    client.post("/t/payments/settings/", {"name": "Mine"})
    assert AuditEntry.objects.get(outcome="denied").address == CLIENT[proxies]


@pytest.mark.parametrize(
    ("connected", "counted"),
    [("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"), ("::ffff:10.0.0.1", "10.0.0.1")],
)
def test_limits_count_a_line_of_ipv6_as_one(connected: str, counted: str) -> None:
    assert peer.network(RequestFactory().get("/", REMOTE_ADDR=connected)) == counted
