#!/usr/bin/python3
"""Writes tsig.h: TSIG vectors made by dnspython, an implementation that shares nothing with ddnsgate's.

Usage: make_tsig_vectors.py > tsig.h

Deterministic: keys, IDs and times are fixed, so that a second run gives the same file. Every message is written and
signed by dnspython alone (Message.to_wire) and read back by it (dns.message.from_wire) before it is printed.

dnspython truncates MACs only under names such as hmac-sha256-128. RFC 8945 section 5.2.2.1 truncates under the plain
names too, and that is what the truncated vectors need: for them, dnspython's table of hashes gets a truncated row under
the plain name.
"""

import base64
import contextlib
import hashlib
import struct
import sys
from unittest import mock

import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
import dns.version

TIME_S = 1_700_000_000
SERVER_TIME_S = TIME_S + 4000
FUDGE_S = 300

# Algorithm name, hash, octets of the secret, octets of truncated MACs. The names are spelt in lower case, as ddnsgate
# writes them (RFC 8945 section 4.3.3); the secrets are shorter and longer than the block of the hash.
ALGORITHMS = {
    "hmac-md5": ("hmac-md5.sig-alg.reg.int.", hashlib.md5, 16, (10,)),
    "hmac-sha1": ("hmac-sha1.", hashlib.sha1, 20, (10, 12)),
    "hmac-sha224": ("hmac-sha224.", hashlib.sha224, 1, (14,)),
    "hmac-sha256": ("hmac-sha256.", hashlib.sha256, 32, (16, 31)),
    "hmac-sha384": ("hmac-sha384.", hashlib.sha384, 200, (24,)),
    "hmac-sha512": ("hmac-sha512.", hashlib.sha512, 512, (32,)),
}


def secret_for(algorithm, length):
    """A fixed secret."""
    stream = b"".join(hashlib.sha256(f"{algorithm} {i}".encode()).digest() for i in range(-(-length // 32)))
    return stream[:length]


def make_key(name, algorithm):
    wire_name, _, secret_len, _ = ALGORITHMS[algorithm]
    return dns.tsig.Key(name, secret_for(algorithm, secret_len), wire_name)


@contextlib.contextmanager
def truncated(algorithm, mac_len):
    """Makes dnspython truncate the algorithm's MACs to mac_len octets."""
    name, digest, _, _ = ALGORITHMS[algorithm]
    name = dns.name.from_text(name)
    with mock.patch.dict(dns.tsig.HMACTSig._hashes, {name: (digest, mac_len * 8)}), \
            mock.patch.dict(dns.tsig.mac_sizes, {name: mac_len}):
        yield


def make_update(message_id):
    """An UPDATE with compressed names, as ddnsgate sends it: prerequisite, delete, add."""
    update = dns.update.UpdateMessage("Dyn.Example.COM.", id=message_id)
    update.present("www", "A")
    update.delete("www", "A")
    update.add("www", 180, "A", "192.0.2.77")
    return update


def make_response(request, rcode=dns.rcode.NOERROR):
    response = dns.update.UpdateMessage(id=request.id)
    response.flags = dns.opcode.to_flags(dns.opcode.UPDATE) | 0x8000
    response.question = list(request.question)
    response.set_rcode(rcode)
    return response


def signed_wire(message, key, request_mac=b"", **options):
    message.use_tsig(key, fudge=FUDGE_S, **options)
    message.request_mac = request_mac
    with mock.patch("time.time", return_value=TIME_S):
        return message.to_wire(max_size=65535)


def unsigned_wire(message):
    message.tsig = None
    return message.to_wire(max_size=65535)


def check_with_dnspython(wire, key, request_mac, error):
    refusals = {dns.rcode.BADTIME: dns.tsig.PeerBadTime, dns.rcode.BADTRUNC: dns.tsig.PeerBadTruncation}
    with mock.patch("time.time", return_value=TIME_S + FUDGE_S):
        try:
            message = dns.message.from_wire(wire, keyring=key, request_mac=request_mac)
            assert message.had_tsig and not error
        except tuple(refusals.values()) as refusal:  # dnspython stops at a signed error, before it looks at the MAC
            assert isinstance(refusal, refusals[error])


def c_string(octets):
    lines = [octets.hex()[i:i + 96] for i in range(0, len(octets) * 2, 96)] or [""]
    return "\n\t\t".join(f'"{line}"' for line in lines)


def print_row(label, key, algorithm, message, mac_len=0, request_mac=b"", error=0, server_time_s=0):
    """Signs `message` and prints the vector; returns the MAC."""
    other = struct.pack("!Q", server_time_s)[2:] if error == dns.rcode.BADTIME else b""
    with truncated(algorithm, mac_len) if mac_len else contextlib.nullcontext():
        plain = unsigned_wire(message)
        wire = signed_wire(message, key, request_mac, tsig_error=error, other_data=other)
        mac = message.mac
        check_with_dnspython(wire, key, request_mac, error)
    print(f"""\t{{
\t\t.label = "{label}",
\t\t.key_name = "{key.name.to_text(omit_final_dot=True)}",
\t\t.algorithm = "{algorithm}",
\t\t.secret =
\t\t{c_base64(key.secret)},
\t\t.mac_len = {mac_len},
\t\t.error = {error},
\t\t.server_time_s = {server_time_s},
\t\t.request_mac =
\t\t{c_string(request_mac)},
\t\t.message =
\t\t{c_string(plain)},
\t\t.signed_message =
\t\t{c_string(wire)},
\t}},""")
    return mac


def c_base64(octets):
    text = base64.b64encode(octets).decode()
    return "\n\t\t".join(f'"{text[i:i + 96]}"' for i in range(0, len(text), 96))


def print_exchanges(algorithm, number):
    key = make_key(f"gw{number}.keys.example.net", algorithm)
    request = make_update(0x1000 + number)
    mac = print_row(f"{algorithm}: request", key, algorithm, request)
    response = make_response(request)
    refusal = make_response(request, dns.rcode.NOTAUTH)
    print_row(f"{algorithm}: response", key, algorithm, response, request_mac=mac)
    print_row(f"{algorithm}: BADTIME response", key, algorithm, refusal, request_mac=mac, error=dns.rcode.BADTIME,
              server_time_s=SERVER_TIME_S)
    print_row(f"{algorithm}: BADTRUNC response", key, algorithm, refusal, request_mac=mac, error=dns.rcode.BADTRUNC)
    for mac_len in ALGORITHMS[algorithm][3]:
        mac = print_row(f"{algorithm}: request truncated to {mac_len} octets", key, algorithm, request, mac_len)
        print_row(f"{algorithm}: response truncated to {mac_len} octets", key, algorithm, response, mac_len, mac)


def print_shapes():
    """Messages of other shapes: EDNS and a large one."""
    key = make_key("gw.keys.example.net", "hmac-sha256")
    query = dns.message.make_query("www.example.com", "AAAA", use_edns=0, payload=1232)
    query.id = 0xFFFF
    print_row("query with EDNS", key, "hmac-sha256", query)
    update = dns.update.UpdateMessage("example.com.", id=0)
    for i in range(50):
        update.add(f"host{i}", 180, "AAAA", f"2001:db8::{i:x}")
    print_row("update of 50 hosts", key, "hmac-sha256", update)


def print_odd_spelling():
    """What ddnsgate never writes but has to accept: capitals in key and algorithm names, and a compressed key name."""
    key = make_key("Gw.Dyn.Example.COM", "hmac-sha256")
    key.algorithm = dns.name.from_text("HMAC-SHA256.")
    wire = signed_wire(make_update(0x2001), key)
    assert b"\x02Gw\xc0\x0c" in wire, "the key's name is not compressed"
    check_with_dnspython(wire, key, b"", 0)
    print(f"""/* A request signed with capitals in the names and a compressed key name. */
static const char tsig_odd_secret[] =
\t{c_base64(key.secret)};
static const char tsig_odd_message[] =
\t{c_string(unsigned_wire(make_update(0x2001)))};
static const char tsig_odd_signed_message[] =
\t{c_string(wire)};
""")


def main():
    print(f"""/*
 * Made by make_tsig_vectors.py with dnspython {dns.version.version}; do not edit. Octets are in hexadecimal.
 */
#ifndef VECTORS_TSIG_H
#define VECTORS_TSIG_H

#include <stddef.h>
#include <stdint.h>

enum {{
\tTSIG_VECTOR_TIME_S = {TIME_S},
\tTSIG_VECTOR_FUDGE_S = {FUDGE_S},
}};

struct tsig_vector {{
\tconst char *label;
\tconst char *key_name;
\tconst char *algorithm;
\tconst char *secret; /* base64 */
\tsize_t mac_len;     /* 0: full */
\tuint16_t error;
\tuint64_t server_time_s;
\tconst char *request_mac;
\tconst char *message;
\tconst char *signed_message;
}};
""")
    print_odd_spelling()
    print("static const struct tsig_vector tsig_vectors[] = {")
    for number, algorithm in enumerate(ALGORITHMS):
        print_exchanges(algorithm, number)
    print_shapes()
    print("};\n\n#endif")


if __name__ == "__main__":
    sys.exit(main())
