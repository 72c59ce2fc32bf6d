"""A primary that follows a script: it is slow, silent, broken or hostile, and it writes down everything that it was
sent.

A script is a function that gets one `Peer`, the connection from the gateway, and speaks until it returns; then the
connection is closed. The honest script is the example to read first.

Scripts see what the primary's `hits` names: unless a test says otherwise, only messages that would change something.
All else is answered honestly from the primary's `records`, behind the script's back."""

import io
import socket
import struct
import threading
import time
from collections import defaultdict

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TSIG
import dns.rrset
import dns.tsig

from process import LOOPBACK, wait_until
from servers import INITIAL_TTL, Key

UPDATES = {"update"}
QUERIES = {"query"}
CONFIRMS = {"confirm"}
EVERYTHING = UPDATES | QUERIES | CONFIRMS

INITIAL = {dns.rdatatype.A: "203.0.113.254", dns.rdatatype.AAAA: "2001:db8::fe"}


class Request:
    """One message from the gateway. dnspython parses it and checks its signature, so nobody here trusts our own
    code."""

    def __init__(self, wire, key):
        self.wire = wire
        self.message = dns.message.from_wire(wire, keyring=key.dnspython)

    @property
    def is_update(self):
        return self.message.opcode() == dns.opcode.UPDATE

    @property
    def kind(self):
        """A "confirm" is an UPDATE of prerequisites alone: it changes nothing."""
        if not self.is_update:
            return "query"
        return "update" if self.message.update else "confirm"

    @property
    def zone(self):
        return self.message.question[0].name.to_text(omit_final_dot=True)

    def reply(self, rcode=dns.rcode.NOERROR):
        """An unsigned reply."""
        reply = dns.message.make_response(self.message)
        reply.tsig = None
        reply.set_rcode(rcode)
        return reply


def sign(message, key, request_mac, at=None, wire=None):
    """The wire form of the message, or the one that is given, with a TSIG made by `key` at the given time: any time, any
    key, any request's MAC."""
    wire = wire or message.to_wire()
    at = int(time.time()) if at is None else at
    unsigned = dns.rdtypes.ANY.TSIG.TSIG(dns.rdataclass.ANY, dns.rdatatype.TSIG, key.dnspython.algorithm, at, 300, b"",
                                         *struct.unpack_from("!H", wire), 0, b"")
    rdata, _ = dns.tsig.sign(wire, key.dnspython, unsigned, at, request_mac)
    record = io.BytesIO()
    dns.rrset.from_rdata(key.dnspython.name, 0, rdata).to_wire(record)
    additional, = struct.unpack_from("!H", wire, 10)
    return wire[:10] + struct.pack("!H", additional + 1) + wire[12:] + record.getvalue()


def framed(wire):
    """With the length in front, as DNS over TCP has it."""
    return struct.pack("!H", len(wire)) + wire


class Records:
    """What a primary has: every name has an address of each family, until it is changed or removed."""

    def __init__(self):
        self._rrsets = {}
        self._lock = threading.Lock()

    def get(self, name, rdtype):
        """(ttl, set of values); None where the record does not exist."""
        with self._lock:
            return self._get(*_key(name, rdtype))

    def set(self, name, rdtype, *values, ttl=INITIAL_TTL):
        """Behind the gateway's back. No values: the record is removed."""
        with self._lock:
            self._rrsets[_key(name, rdtype)] = (ttl, set(values)) if values else None

    def answer(self, query):
        """The authoritative answer."""
        reply = dns.message.make_response(query)
        reply.tsig = None
        reply.flags |= dns.flags.AA
        question = query.question[0]
        found = self.get(question.name, question.rdtype)
        if found:
            reply.answer.append(dns.rrset.from_text_list(question.name, found[0], "IN", question.rdtype, found[1]))
        return reply

    def carry_out(self, update):
        """All of the message or nothing (RFC 2136, sections 3.2 and 3.4); returns the rcode."""
        with self._lock:
            rcode = self._judge(update.prerequisite)
            if rcode == dns.rcode.NOERROR:
                for rrset in update.update:
                    self._change(rrset)
            return rcode

    def _get(self, name, rdtype):
        initial = (INITIAL_TTL, {INITIAL[rdtype]}) if rdtype in INITIAL else None
        return self._rrsets.get((name, rdtype), initial)

    def _judge(self, prerequisites):
        """Class ANY: the record exists; class NONE: it does not; class IN: it exists with just these values, one to an
        RRset here, as dnspython has it in updates."""
        wanted = defaultdict(set)
        for rrset in prerequisites:
            key = _key(rrset.name, rrset.rdtype)
            if rrset.deleting == dns.rdataclass.NONE and self._get(*key):
                return dns.rcode.YXRRSET
            if rrset.deleting == dns.rdataclass.ANY and not self._get(*key):
                return dns.rcode.NXRRSET
            if rrset.deleting is None:
                wanted[key] |= _values(rrset)
        holds = all((self._get(*key) or (0, None))[1] == values for key, values in wanted.items())
        return dns.rcode.NOERROR if holds else dns.rcode.NXRRSET

    def _change(self, rrset):
        key = _key(rrset.name, rrset.rdtype)
        if rrset.deleting == dns.rdataclass.ANY:
            self._rrsets[key] = None
            return
        _, values = self._get(*key) or (0, set())
        self._rrsets[key] = (rrset.ttl, values | _values(rrset))


def _key(name, rdtype):
    name = dns.name.from_text(name) if isinstance(name, str) else name
    return name, dns.rdatatype.RdataType.make(rdtype)


def _values(rrset):
    return {rdata.to_text() for rdata in rrset}


class Peer:
    """One connection from the gateway, as a script sees it."""

    def __init__(self, primary, stream):
        self.primary = primary
        self.stream = stream
        self._write = threading.Lock()

    def requests(self):
        """The messages for the script as they arrive; ends when the gateway closes."""
        while (request := self.next_request()) is not None:
            yield request

    def next_request(self, timeout_s=None):
        """The next message for the script; None when the gateway closes, or when none came in time."""
        while (request := self._next_message(timeout_s)) is not None and request.kind not in self.primary.hits:
            self.send(framed(self.signed(request)))
        return request

    def _next_message(self, timeout_s):
        try:
            self.stream.settimeout(timeout_s)
            prefix = self._read(2)
            wire = self._read(*struct.unpack("!H", prefix)) if prefix else None
            self.stream.settimeout(None)
        except OSError:
            return None
        if wire is None:
            return None
        request = Request(wire, self.primary.key)
        self.primary.requests.append(request)
        return request

    def _read(self, length):
        octets = b""
        while len(octets) < length:
            chunk = self.stream.recv(length - len(octets))
            if not chunk:
                return None
            octets += chunk
        return octets

    def signed(self, request, rcode=None):
        """What an honest primary answers after it has done what it was asked; if an rcode is given, only that."""
        reply = self.primary.carry_out(request) if rcode is None else request.reply(rcode)
        return sign(reply, self.primary.key, request.message.mac)

    def send(self, octets):
        """False when the gateway has gone."""
        try:
            with self._write:
                self.stream.sendall(octets)
            return True
        except OSError:
            return False

    def reset(self):
        """Closes with RST instead of FIN."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.close()

    def until_closed(self):
        """Reads, and answers nothing, until the gateway closes."""
        for _ in self.requests():
            pass


def _answering(make):
    """The script that answers each request with the wire form that make(peer, request) gives."""
    def script(peer):
        for request in peer.requests():
            peer.send(framed(make(peer, request)))
    script.__name__ = make.__name__
    script.make = make
    return script


# Scripts of primaries that are as they should be, only unusual: updates through them succeed.

def honest(peer):
    for request in peer.requests():
        peer.send(framed(peer.signed(request)))


@_answering
def without_zone_section(peer, request):
    """A reply need not repeat the zone section (RFC 2136, section 3.8)."""
    reply = request.reply()
    reply.question = []
    return sign(reply, peer.primary.key, request.message.mac)


def slow(delay_s, rcode=None):
    """Every reply comes `delay_s` after its request; requests do not wait for one another."""
    def script(peer):
        for request in peer.requests():
            threading.Timer(delay_s, peer.send, [framed(peer.signed(request, rcode))]).start()
    return script


def one_octet_at_a_time(peer):
    for request in peer.requests():
        for octet in framed(peer.signed(request)):
            peer.send(bytes([octet]))
            time.sleep(0.001)


def split_in_the_length(peer):
    """The first segment ends within the length prefix."""
    for request in peer.requests():
        reply = framed(peer.signed(request))
        for part in (reply[:1], reply[1:7], reply[7:]):
            peer.send(part)
            time.sleep(0.02)


def _by_twos(peer, order):
    """Waits a moment for a second request and answers both in one segment, in the order that `order` makes of them."""
    while (first := peer.next_request()) is not None:
        second = peer.next_request(timeout_s=2)
        both = [request for request in (first, second) if request]
        peer.primary.largest_batch = max(peer.primary.largest_batch, len(both))
        peer.send(b"".join(framed(peer.signed(request)) for request in order(both)))


def two_in_one_segment(peer):
    _by_twos(peer, list)


def last_request_first(peer):
    """A primary may answer pipelined requests in any order (RFC 7766, section 7)."""
    _by_twos(peer, reversed)


def answers_once_then_closes(peer):
    """A primary may close an idle connection at any time."""
    request = peer.next_request()
    if request:
        peer.send(framed(peer.signed(request)))


# Scripts of primaries that fail before a request reached them.

def closes_after_accept(_peer):
    pass


# Scripts of primaries of which nobody knows whether they carried out the update. Those in WITHOUT_PROOF did not.

def silent(peer):
    peer.until_closed()


def closes_after_commit(peer):
    request = peer.next_request()
    if request:
        peer.signed(request)


def resets_in_mid_reply(peer):
    """The update is carried out; half of the reply arrives, then a reset."""
    request = peer.next_request()
    if request:
        reply = framed(peer.signed(request))
        peer.send(reply[:len(reply) // 2])
        time.sleep(0.05)
        peer.reset()


def closes_after_reading(peer):
    peer.next_request()


@_answering
def unsigned(_peer, request):
    return request.reply().to_wire()


@_answering
def signed_with_another_secret(peer, request):
    forged = Key(peer.primary.key.name, peer.primary.key.algorithm)
    return sign(request.reply(), forged, request.message.mac)


@_answering
def signed_with_another_key_name(peer, request):
    other = Key("other", peer.primary.key.algorithm, peer.primary.key.secret)
    return sign(request.reply(), other, request.message.mac)


@_answering
def signed_without_the_request_mac(peer, request):
    return sign(request.reply(), peer.primary.key, b"")


@_answering
def signed_long_ago(peer, request):
    return sign(request.reply(), peer.primary.key, request.message.mac, at=int(time.time()) - 3600)


@_answering
def signed_in_the_future(peer, request):
    return sign(request.reply(), peer.primary.key, request.message.mac, at=int(time.time()) + 3600)


@_answering
def changed_after_signing(peer, request):
    """SERVFAIL made NOERROR on the way."""
    wire = bytearray(peer.signed(request, dns.rcode.SERVFAIL))
    wire[3] &= 0xF0
    return bytes(wire)


@_answering
def mac_of_no_octets(peer, request):
    """A TSIG with an empty MAC signs nothing."""
    return _with_tsig_error(peer, request.reply(), 0)


def _with_tsig_error(peer, reply, error):
    rdata = dns.rdtypes.ANY.TSIG.TSIG(dns.rdataclass.ANY, dns.rdatatype.TSIG, peer.primary.key.dnspython.algorithm,
                                      int(time.time()), 300, b"", reply.id, error, b"")
    record = io.BytesIO()
    dns.rrset.from_rdata(peer.primary.key.dnspython.name, 0, rdata).to_wire(record)
    wire = reply.to_wire()
    return wire[:10] + struct.pack("!H", 1) + wire[12:] + record.getvalue()


@_answering
def octets_missing(peer, request):
    """The frame is whole, the message in it is cut off."""
    return peer.signed(request, dns.rcode.NOERROR)[:-10]


def _opt(extended_rcode=0, version=0, owner=b"\0"):
    return owner + struct.pack("!HHBBHH", dns.rdatatype.OPT, 1232, extended_rcode, version, 0, 0)


def _with_records(peer, request, *records, rcode=dns.rcode.NOERROR, section=10):
    """A reply with those low four bits of an RCODE and those records, all of it properly signed. `section` is where the
    header counts them: 6 prerequisites or answers, 8 updates or authority, 10 additional records."""
    wire = bytearray(request.reply(rcode).to_wire() + b"".join(records))
    struct.pack_into("!H", wire, section, len(records))
    return sign(None, peer.primary.key, request.message.mac, wire=bytes(wire))


@_answering
def two_opt_records(peer, request):
    """The first says BADVERS (RFC 6891, sections 6.1.1 and 6.1.3), the second nothing."""
    return _with_records(peer, request, _opt(extended_rcode=1), _opt())


@_answering
def opt_of_another_version(peer, request):
    return _with_records(peer, request, _opt(version=1))


@_answering
def opt_of_another_owner(peer, request):
    return _with_records(peer, request, _opt(owner=b"\xc0\x0c"))


@_answering
def opt_among_the_prerequisites(peer, request):
    return _with_records(peer, request, _opt(extended_rcode=1), section=6)


@_answering
def opt_among_the_updates(peer, request):
    return _with_records(peer, request, _opt(), section=8)


@_answering
def opt_behind_the_signature(peer, request):
    wire = bytearray(sign(request.reply(), peer.primary.key, request.message.mac) + _opt())
    struct.pack_into("!H", wire, 10, 2)
    return bytes(wire)


def extended(rcode):
    """A primary that says an RCODE of 12 bits, the upper ones in an OPT record, properly signed."""
    @_answering
    def script(peer, request):
        return _with_records(peer, request, _opt(extended_rcode=rcode >> 4), rcode=rcode & 15)
    return script


def refusing_unsigned(rcode, tsig_error=None):
    """Whoever stands between carries the update to the primary and a refusal back. With a TSIG error, the reply has a
    TSIG record without a MAC, as RFC 8945 section 5.3.2 has it."""
    def script(peer):
        for request in peer.requests():
            peer.primary.carry_out(request)
            reply = request.reply(rcode)
            peer.send(framed(_with_tsig_error(peer, reply, tsig_error) if tsig_error else reply.to_wire()))
    return script


def sends_everything_twice(peer):
    """The first copy is carried out and its reply lost; the gateway gets the reply to the second one."""
    for request in peer.requests():
        peer.signed(request)
        peer.send(framed(peer.signed(request)))


@_answering
def truncation_bit(peer, request):
    reply = request.reply()
    reply.flags |= dns.flags.TC
    return sign(reply, peer.primary.key, request.message.mac)


@_answering
def another_id(peer, request):
    """Correctly signed, but the answer to a question that nobody asked."""
    reply = request.reply()
    reply.id ^= 0x5555
    return sign(reply, peer.primary.key, request.message.mac)


@_answering
def not_a_reply(peer, request):
    """QR is 0: the gateway's own message, reflected, properly signed."""
    reply = request.reply()
    reply.flags &= ~dns.flags.QR
    return sign(reply, peer.primary.key, request.message.mac)


@_answering
def another_opcode(peer, request):
    """Signed, but for a QUERY."""
    reply = request.reply()
    reply.set_opcode(dns.opcode.QUERY if request.is_update else dns.opcode.NOTIFY)
    return sign(reply, peer.primary.key, request.message.mac)


@_answering
def another_zone(peer, request):
    """Signed, but about a zone that was not meant."""
    reply = request.reply()
    reply.question = [dns.rrset.from_text("another.example.", 0, "IN", "SOA")]
    return sign(reply, peer.primary.key, request.message.mac)


@_answering
def garbage(_peer, request):
    return request.wire[:2] + bytes(range(200))


@_answering
def nothing_but_an_id(_peer, request):
    return request.wire[:2]


@_answering
def empty_message(_peer, _request):
    return b""


def promises_more_than_it_sends(peer):
    for request in peer.requests():
        peer.send(b"\xff\xff" + peer.signed(request, dns.rcode.NOERROR))


def refusing(rcode):
    """A primary that refuses with a proper signature."""
    def script(peer):
        for request in peer.requests():
            peer.send(framed(peer.signed(request, rcode)))
    return script


WITHOUT_PROOF = (
    silent, closes_after_reading, unsigned, signed_with_another_secret, signed_with_another_key_name,
    signed_without_the_request_mac, signed_long_ago, signed_in_the_future, changed_after_signing, mac_of_no_octets,
    octets_missing, two_opt_records, opt_of_another_version, opt_of_another_owner, opt_among_the_prerequisites,
    opt_among_the_updates, opt_behind_the_signature, truncation_bit, another_id, not_a_reply, another_opcode, another_zone, garbage, nothing_but_an_id,
    empty_message, promises_more_than_it_sends,
)


class Scripted:
    """The primary. `script` may be changed at any time and rules every connection from then on; `hits` are the kinds
    of messages that the script sees; `rcodes` are answered to updates of the zones in it, where the script is about
    honest replies."""

    def __init__(self, script=honest, key=None, address=LOOPBACK, port=0, hits=UPDATES):
        self.script = script
        self.hits = hits
        self.key = key or Key("scripted")
        self.records = Records()
        self.requests = []
        self.connections = 0
        self.rcodes = {}
        self.largest_batch = 0
        self._peers = []
        self._listener = socket.create_server((address, port), family=_family(address), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def updates(self):
        """Those that would change something."""
        return self.of_kind("update")

    def of_kind(self, kind):
        return [request.message for request in self.requests if request.kind == kind]

    def carry_out(self, request):
        """The honest reply, unsigned."""
        if not request.is_update:
            return self.records.answer(request.message)
        rcode = self.rcodes.get(request.zone, dns.rcode.NOERROR)
        return request.reply(rcode or self.records.carry_out(request.message))

    def mend(self):
        """From now on honest; old connections are closed, as a restart would."""
        self.script = honest
        self.hang_up()

    def hang_up(self):
        peers, self._peers = self._peers, []
        for peer in peers:
            _shut(peer.stream)

    def got(self, count):
        """Whether that many updates have arrived, or soon do."""
        return wait_until(lambda: len(self.updates) >= count)

    def close(self):
        _shut(self._listener)
        self.hang_up()

    def _accept(self):
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            peer = Peer(self, stream)
            self._peers.append(peer)
            threading.Thread(target=self._serve, args=[peer], daemon=True).start()

    def _serve(self, peer):
        try:
            self.script(peer)
        finally:
            _shut(peer.stream)


def _family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _shut(stream):
    """close() alone does not wake a thread that waits in accept() or recv()."""
    try:
        stream.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    stream.close()
