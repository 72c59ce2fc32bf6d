#!/usr/bin/env python3
"""
Writes a configuration of many zones, each with a user of its own, as a hoster has them: to measure what zones and users
cost that are there and do nothing. See --help.
"""

import argparse
import hashlib
import sys

HEAD = """\
listen = ( {{ address = "127.0.0.1"; port = {port}; }} );
admin_listen = "127.0.0.1:{admin}";
tsig_keys = ( {{ name = "gw"; algorithm = "hmac-sha256"; secret = "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY="; }} );
"""


def zone(number):
    return f"customer{number:06}.example.com"


def login(number):
    return f"customer{number:06}"


def key(number):
    return hashlib.sha256(b"ddnsgate bench %d" % number).hexdigest()[:32]


def write(to, zones, primary, port, admin):
    """The configuration, on a text stream. `primary` is the address and port of the name server of all zones."""
    to.write(HEAD.format(port=port, admin=admin))
    to.write("zones = (\n")
    to.write(",\n".join(f'  {{ name = "{zone(n)}"; primaries = ( "{primary}" ); key = "gw"; }}' for n in range(zones)))
    to.write("\n);\nusers = (\n")
    to.write(",\n".join(
        f'  {{ login = "{login(n)}"; key = "sha256:{hashlib.sha256(key(n).encode()).hexdigest()}"; '
        f'hosts = ( "zone:{zone(n)}" ); }}' for n in range(zones)))
    to.write("\n);\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zones", type=int)
    parser.add_argument("--primary", default="127.0.0.1:53", metavar="ADDRESS:PORT")
    parser.add_argument("--port", type=int, default=8080, help="of the listener")
    parser.add_argument("--admin", type=int, default=8081, help="port of the admin listener")
    arguments = parser.parse_args()
    write(sys.stdout, arguments.zones, arguments.primary, arguments.port, arguments.admin)


if __name__ == "__main__":
    main()
