"""Something between the gateway and the primary: a secondary that forwards updates, and has for queries what it last
fetched; a balancer that gives messages IDs of its own. What is written goes to the primary and is signed by it, whatever
ID the message had there (RFC 8945, section 4.2)."""

import contextlib
import socket
import struct
import threading

import pytest

import faulty
from conftest import running_server
from gateway import ZONE, user_setting, zone_setting
from process import LOOPBACK, wait_until
from servers import INITIAL_TTL, Bind, CopiedKnot, ForwardingBind, ForwardingKnot
from test_live_check import check  # pylint: disable=unused-import  # a fixture
from test_texts import at_once, cleanup, rotate

TTL = 180
V4, OTHER_V4, V6 = "198.51.100.7", "198.51.100.8", "2001:db8::7"


@pytest.fixture(scope="module", params=[(Bind, ForwardingBind), (CopiedKnot, ForwardingKnot)], ids=["BIND", "Knot"])
def pair(request):
    """A primary, and a secondary of it that was started when there were ten hosts."""
    kind, forwarding = request.param
    with running_server(kind) as primary:
        hosts = primary.new_hosts(10, ("A", "192.0.2.1"), ("AAAA", "2001:db8::1"))
        with contextlib.closing(forwarding(primary)) as secondary:
            yield primary, secondary.start(), iter(hosts)


@pytest.fixture
def forwarded(pair, front):
    """The primary, a host of it that the secondary knows, and a gateway that knows the secondary alone."""
    primary, secondary, hosts = pair
    return primary, next(hosts), front(secondary, users=[user_setting(may_create=False, may_set_txt=True)])


def test_an_update_by_way_of_a_secondary(forwarded):
    primary, host, gateway = forwarded
    assert gateway.update(host, V4).body == b"OK\n"
    assert primary.records(host, "A") == (TTL, [V4])
    assert gateway.update(host, f"{OTHER_V4},{V6}").body == b"OK\n"
    assert primary.records(host, "A") == (TTL, [OTHER_V4])
    assert primary.records(host, "AAAA") == (TTL, [V6])


def test_unchanged_is_the_primary_s_word(forwarded):
    """The secondary has the old address still. To set that again is a change."""
    primary, host, gateway = forwarded
    assert gateway.nic(host, V4).text == f"good {V4}\n"
    serial = primary.serial()
    assert gateway.nic(host, V4).text == f"nochg {V4}\n"
    assert primary.serial() == serial
    assert gateway.nic(host, "192.0.2.1").text == "good 192.0.2.1\n"
    assert primary.records(host, "A") == (TTL, ["192.0.2.1"])


def test_a_stale_copy_is_no_proof(forwarded, pair, front):
    """Another gateway has never written the host. It reads that all is as wanted; the primary knows better."""
    primary, host, gateway = forwarded
    other = front(pair[1])
    assert gateway.update(host, V4).code == "OK"
    assert other.nic(host, "192.0.2.1").text == "good 192.0.2.1\n"
    assert primary.records(host, "A") == (TTL, ["192.0.2.1"])
    assert gateway.nic(host, V4).text == f"good {V4}\n"
    assert primary.records(host, "A") == (TTL, [V4])


def test_a_host_that_the_secondary_does_not_know_yet(forwarded, pair):
    primary, host, gateway = forwarded
    assert gateway.update(host, V4).code == "OK"
    late = primary.new_host(("A", "192.0.2.1"))
    if pair[1].shows_that_it_forwards:
        assert gateway.update(late, V4).code == "OK"
        assert primary.records(late, "A") == (TTL, [V4])
    else:
        assert gateway.update(late, V4).code == "NF_HOST"
    answer = gateway.update(f"nowhere.{ZONE}", V4)
    assert (answer.status, answer.text) == (404, f"NF_HOST nowhere.{ZONE} A\n")


def test_the_first_request_after_a_start_is_for_a_host_that_the_secondary_does_not_know_yet(pair, front):
    """Nobody knows by then that it is a secondary, or whether it is. Nor does a host that it knows not to be there
    take the word of it."""
    primary, secondary, _ = pair
    host = primary.new_host(("A", "192.0.2.1"))
    assert front(secondary).update(host, V4).code == "OK"
    assert primary.records(host, "A") == (TTL, [V4])
    both = primary.new_host(("A", "192.0.2.1"))
    gateway = front(secondary)
    answer = gateway.update(both, f"{V4},{V6}")
    assert (answer.status, answer.text) == (404, f"NF_HOST {both} AAAA\n")
    assert primary.records(both, "A") == (INITIAL_TTL, ["192.0.2.1"])
    answer = front(secondary).update(f"nowhere.{ZONE}", V4)
    assert (answer.status, answer.text) == (404, f"NF_HOST nowhere.{ZONE} A\n")


def test_texts_by_way_of_a_secondary(forwarded, pair, front):
    """None that the copy does not show takes the place of another one, nor is one lost to what the copy shows still."""
    primary, host, gateway = forwarded
    name = f"_acme-challenge.{host}"
    other = front(pair[1], users=[user_setting(may_set_txt=True)])
    assert gateway.update(host, V4).code == "OK"
    for number in range(10):
        at = [f"apex{number}", f"wildcard{number}"]
        assert at_once((rotate, gateway, name, at[0]), (rotate, other, name, at[1])) == [200, 200]
        assert {f'"{text}"' for text in at} <= set(primary.records(name, "TXT")[1])
    assert cleanup(other, name, "apex9").status == 200
    assert '"apex9"' not in primary.records(name, "TXT")[1]


def test_a_refusal_by_way_of_a_secondary(pair, front):
    """Of the primary, and as signed as that is."""
    primary, secondary, _ = pair
    gateway = front(secondary, "readonly.example.com")
    answer = gateway.update("www.readonly.example.com", V4)
    assert (answer.code, answer.status) == ("SF_DNS", 502), answer.text


def test_the_live_check_says_what_stands_between(pair, check):
    primary, secondary, _ = pair
    key = primary.key()
    for server, warnings in ((primary, 0), (secondary, int(secondary.shows_that_it_forwards))):
        checked = check([zone_setting(ZONE, server, key)], [key], [user_setting(hosts=[f"www.{ZONE}"])])
        assert checked.status == 0, checked.output
        assert not checked.of("FAIL") and len(checked.of("WARN")) == warnings, checked.output
        assert all("secondary" in line and "message IDs" in line for line in checked.of("WARN"))


@pytest.mark.parametrize("primary_first", [True, False])
def test_the_live_check_compares_serials(pair, check, primary_first):
    """What the gateway would read at the one is not what it has written at the other."""
    primary, secondary, hosts = pair
    primary.nsupdate(f"zone {ZONE}", f"update delete {next(hosts)} A")
    key, servers = primary.key(), [primary, secondary] if primary_first else [secondary, primary]
    checked = check([zone_setting(ZONE, servers, key)], [key], [user_setting(hosts=[f"www.{ZONE}"])])
    assert checked.status == 0, checked.output
    behind = [line for line in checked.of("WARN") if "lags behind" in line]
    assert len(behind) == 1, checked.output
    assert behind[0].startswith(f"WARN {ZONE} {LOOPBACK}:{secondary.port}: has serial {secondary.serial()} of the zone ")
    assert f" when {LOOPBACK}:{primary.port} has {primary.serial()} already: " in behind[0]


class Balancer:
    """Passes messages on to a primary, each with an ID of its own, and the replies back."""

    def __init__(self, primary):
        self.primary = primary
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = self._listener.getsockname()[1]
        self.key = primary.key
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                stream, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[stream], daemon=True).start()

    def _serve(self, client):
        with client, socket.create_connection((LOOPBACK, self.primary.port)) as primary, contextlib.suppress(OSError):
            while (message := read_message(client)) is not None:
                primary.sendall(faulty.framed(self.on_the_way(message)))
                reply = read_message(primary)
                if reply is None:
                    return
                client.sendall(faulty.framed(message[:2] + reply[2:]))

    @staticmethod
    def on_the_way(message):
        identity, = struct.unpack_from("!H", message)
        return struct.pack("!H", identity ^ 0x1234) + message[2:]


def read_message(stream):
    octets = b""
    while len(octets) < 2 or len(octets) < 2 + struct.unpack_from("!H", octets)[0]:
        piece = stream.recv(2 - len(octets) if len(octets) < 2 else 2 + struct.unpack_from("!H", octets)[0] - len(octets))
        if not piece:
            return None
        octets += piece
    return octets[2:]


@pytest.fixture
def balanced(primary, front):
    with contextlib.closing(Balancer(primary)) as balancer:
        yield front(balancer)


def test_a_balancer_with_ids_of_its_own(primary, balanced):
    host = primary.new_host(("A", "192.0.2.1"))
    assert balanced.nic(host, V4).text == f"good {V4}\n"
    assert balanced.nic(host, V4).text == f"nochg {V4}\n"
    assert primary.records(host, "A") == (TTL, [V4])
    assert balanced.update(f"nowhere.{ZONE}", V4).code == "NF_HOST"


def test_another_request_s_reply_is_not_believed(scripted, front):
    """The ID in the header says which request is meant, and the signature must be over that one's MAC."""
    def crossed(peer):
        before = None
        for request in peer.requests():
            reply = bytearray(peer.signed(before or request, faulty.dns.rcode.NOERROR if before else None))
            struct.pack_into("!H", reply, 0, request.message.id)
            peer.send(faulty.framed(bytes(reply)))
            before = request
    primary = scripted(crossed)
    gateway = front(primary, request_timeout_ms=1500, connect_timeout_ms=400, reply_timeout_ms=600)
    assert gateway.update(f"www.{ZONE}", V4).code == "OK"
    primary.records.set(f"www.{ZONE}", "A", V4)
    answer = gateway.update(f"www.{ZONE}", OTHER_V4)
    assert answer.code == "OK" and wait_until(lambda: primary.records.get(f"www.{ZONE}", "A") == (TTL, {OTHER_V4})) \
        or answer.code == "UA_DNS"
