"""Input that means harm: each gets its code, and not one octet of it reaches the primary."""

import contextlib
from urllib.parse import quote

import pytest

from faulty import Scripted
from gateway import API_KEY, ZONE, Gateway, config_text, name_of, zone_setting

HOST = f"www.{ZONE}"
IP = "192.0.2.1"


@pytest.fixture(scope="module")
def primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


@pytest.fixture(scope="module")
def gateway(primary):
    config = config_text([zone_setting(ZONE, primary, primary.key)], [primary.key], allow_private=False)
    with contextlib.closing(Gateway(config).start()) as running:
        yield running


@pytest.fixture(autouse=True)
def untouched(gateway, primary):
    """Nothing reaches the primary, and afterwards proper requests still do."""
    before = len(primary.requests)
    yield
    assert len(primary.requests) == before
    assert gateway.update(HOST, IP).code == "OK"


def named(value):
    """A test's name from hostile text."""
    return ascii(value)[:40]


@pytest.mark.parametrize("host", [
    f'w"w.{ZONE}', f"w w.{ZONE}", f"w\\w.{ZONE}", f"w\\.w.{ZONE}", f"w\\119w.{ZONE}", f"w\nw.{ZONE}", f"www.{ZONE}\n",
    f"www.{ZONE}\nupdate delete {ZONE}", f"www.{ZONE}\r\nSet-Cookie: x", f"w\tw.{ZONE}", f"w;w.{ZONE}", f"w(w.{ZONE}",
    f"w$w.{ZONE}",
    f"w'w.{ZONE}", f"w/w.{ZONE}", f"w:w.{ZONE}", f"w@w.{ZONE}", f"<b>.{ZONE}", f"w%w.{ZONE}", f"w\x7fw.{ZONE}",
    f"w\x01w.{ZONE}",
    f"wüw.{ZONE}", f"-www.{ZONE}", f"www-.{ZONE}", f"*.{ZONE}", f"w*w.{ZONE}", f"a..{ZONE}", f".{ZONE}", f"{HOST}..",
    ".", "..", " ", f" {HOST}",
    f"{HOST} ", f"{'a' * 64}.{ZONE}", name_of(254), name_of(300), "a." * 150 + ZONE, "x" * 2000,
], ids=named)
def test_what_is_no_host_name(gateway, host):
    answer = gateway.update(host, IP)
    assert (answer.code, answer.status) == ("IO_HOST", 400)


@pytest.mark.parametrize("ip", [
    "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.4.", ".1.2.3.4", "1..2.3", "01.2.3.4", "192.0.2.010",
    "0x7f.0.0.1", "3221225985",
    "1.2.3.4/24", "1.2.3.0/24", "1.2.3.4:53", "1.2.3.4\n", "\t1.2.3.4", " ", "1.2.3.4;", "1,2,3,4", "one", "localhost", "-",
    "%", '"',
    "2001:db8:::1", "2001:db8::1::", "2001:db8::1/64", "2001:db8::1/129", "2001:db8::1%eth0", "2001:db8::1%1",
    "fe80::1%eth0", "[2001:db8::1]",
    "12345::1", "2001:db8:1:2:3:4:5:6:7", "2001:db8::g", ":", ":::", "2001:db8::1.2.3.256",
    "::ffff:192.0.2.1", "::ffff:c000:201", "::FFFF:192.0.2.1", "0:0:0:0:0:ffff:192.0.2.1",
    "1.2.3.4,", ",1.2.3.4", ",", "1.2.3.4,,2001:db8::1", "1.2.3.4,5.6.7.8", "2001:db8::1,2001:db8::2",
    "1.2.3.4,2001:db8::1,", "1.2.3.4 2001:db8::1",
    "1.2.3.4,nonsense", "1.2.3.4,2001:db8::1,5.6.7.8", "x" * 2000,
], ids=named)
def test_what_is_no_address(gateway, ip):
    """Never is the source address taken for it."""
    answer = gateway.update(HOST, ip)
    assert (answer.code, answer.status) == ("IO_IP", 400)


@pytest.mark.parametrize("ip", [
    "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "169.254.1.1", "224.0.0.1", "239.255.255.255",
    "255.255.255.255", "::", "::1",
    "fe80::1", "febf::1", "ff02::1", "ff0e::1",
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "fc00::1",
    "fd12:3456::1",
    "192.0.0.1", "192.0.0.170", "198.18.0.1", "198.19.255.255", "192.88.99.1", "::1a2b:3c4d:5e6f:7890", "4000::1",
    "5f00::1", "100::1", "fec0::1", "64:ff9b:1::c633:6407", "2001:2::1", "2001:0:53aa:64c::3f57:fefe",
    "2002:c0a8:101::1", "2002:c000:2::1", "64:ff9b::c0a8:101", "64:ff9b::7f00:1", "192.0.2.1,2002:a00:1::1",
    "192.0.2.1,::1", "127.0.0.1,2001:db8::1", "10.0.0.1,2001:db8::1", "192.0.2.1,fd00::1",
])
def test_addresses_that_policy_refuses(gateway, ip):
    answer = gateway.update(HOST, ip)
    assert (answer.code, answer.status) == ("IO_IP", 400)


@pytest.mark.parametrize("operands", [
    "host=%", "host=%4", "host=%zz", "host=w%ww", f"host={HOST}%", f"host={HOST}%2", "host=%u0041",
    f"host={HOST}&ip=%zz", f"host={HOST}&ip=1%",
    f"host={HOST}%00", f"host=%00{HOST}", f"host={HOST}&ip={IP}%00", "host=%00", f"host={HOST}&ip=%00",
    f"%00host={HOST}", f"host%00={HOST}",
])
def test_bad_percent_encoding_and_nul(gateway, operands):
    assert gateway.raw_update(operands).status == 400


@pytest.mark.parametrize("octets", ["%ff", "%c3%28", "%c0%af", "%ed%a0%80", "%f8%88%80%80%80", "%e2%82"])
def test_octets_that_are_no_text(gateway, octets):
    answer = gateway.raw_update(f"host=w{octets}w.{ZONE}&ip={IP}")
    assert (answer.code, answer.status) == ("IO_HOST", 400)


@pytest.mark.parametrize("operands", [
    f"host={HOST}&host={HOST}&ip={IP}", f"host={HOST}&host=www.example.org&ip={IP}",
    f"host=www.example.org&host={HOST}&ip={IP}",
    f"host={HOST}&ip={IP}&ip=192.0.2.2", f"host={HOST}&ip={IP}&ip=nonsense", f"host={HOST}&ip={IP}&ip=",
])
def test_an_operand_that_is_given_twice(gateway, operands):
    """Which of the two was meant, nobody can say."""
    assert gateway.raw_update(operands).status == 400


@pytest.mark.parametrize("login",
                         ["alice\n", "alice\0", " alice", "alice ", "alice'--", "*", ".", "../alice", "al%69ce",
                          "x" * 3000, "\x1b[2J"],
                         ids=named)
def test_logins_that_do_not_exist(gateway, login):
    answer = gateway.ask("GET", f"/dynamic.cgi?host={HOST}&ip={IP}&user={quote(login, safe='')}&password={API_KEY}")
    assert (answer.code, answer.status) == ("NF_USR", 401)


def test_what_clients_send_cannot_forge_log_lines(gateway):
    """Each line of the log is the gateway's own."""
    gateway.update(f"{HOST}\nlevel=error event=forged", IP)
    gateway.update(HOST, "x\nlevel=error event=forged")
    gateway.update(HOST, IP, user="x\nlevel=error event=forged")
    gateway.ask("GET", "/x%0alevel=error%20event=forged")
    gateway.ask("GET", "/checkip", ["User-Agent: x\rlevel=error event=forged"])
    lines = gateway.log.splitlines()
    assert not [line for line in lines if line.startswith("level=error event=forged")]
    assert not [line for line in lines if any(ord(octet) < 32 for octet in line)]


def test_answers_cannot_be_given_extra_headers(gateway):
    answer = gateway.update(f"{HOST}\r\nSet-Cookie: forged=1", IP)
    assert "set-cookie" not in answer.headers
