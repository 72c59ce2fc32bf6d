"""Whose address is set, and for whom: never another one than was meant, at real BIND and Knot. What is meant and not
understood is refused, and the log says why."""

import json

import pytest

from gateway import API_KEY, LOGIN, ZONE, basic, form, nic, secret, target, user_setting
from process import LOOPBACK

V4, V6 = "198.51.100.7", "2001:db8::7"
OLD_V4, OLD_V6 = ("A", "192.0.2.1"), ("AAAA", "2001:db8:fade:cafe::42")
SOURCE_V6 = "2001:db8:5::5"
TOKEN = "7c5b1d0e-token-of-alice"
BASIC = basic(LOGIN, API_KEY)

# How each dialect asks for the host's address, the rest of the query, and how it says that it will not.
DIALECTS = {
    "rexx": (lambda host: target(host), 400, "IO_IP"),
    "dyndns2": (lambda host: nic(host, username=LOGIN, password=secret(API_KEY)), 400, "notfqdn"),
    "henet": (lambda host: nic(host, password=secret(API_KEY)), 400, "notfqdn"),
    "duckdns": (lambda host: "/update?" + form(domains=host, token=secret(TOKEN)), 400, "KO"),
}


@pytest.fixture(params=DIALECTS)
def dialect(request):
    return request.param


@pytest.fixture
def ask(primary, front, dialect):
    """Makes a host, and a function that asks for it; the source is one of IPv4 unless it is told."""
    host = primary.new_host(OLD_V4, OLD_V6)
    running = front(primary, trusted_proxies=[LOOPBACK], allow_private=False, users=[
        user_setting(), user_setting(host, API_KEY), user_setting("duck", TOKEN)])

    def asked(operands="", source="203.0.113.9", **how):
        address = DIALECTS[dialect][0](host) + (f"&{operands}" if operands else "")
        return running.ask(how.pop("method", "GET"), address, [f"X-Forwarded-For: {source}", *how.pop("headers", ())],
                           **how)
    asked.host, asked.gateway, asked.primary = host, running, primary
    return asked


def addresses(ask):
    return tuple(ask.primary.records(ask.host, rdtype)[1] for rdtype in ("A", "AAAA"))


def says_in_log(gateway, operand):
    """Whether a line names the operand for which nothing stood in."""
    return any("event=operand-unknown" in line and f"operand={operand}" in line.replace('"', "")
               for line in gateway.log.splitlines())


UNTOUCHED = ([OLD_V4[1]], [OLD_V6[1]])


def refuses(ask, answer, dialect):
    _, status, word = DIALECTS[dialect]
    return (answer.status, answer.code) == (status, word) and addresses(ask) == UNTOUCHED


# Names of operands

@pytest.mark.parametrize("name", ["myip", "ip", "ip4", "ipv4", "myip4", "myipv4", "MYIP", "Ip", "amp;myip",
                                  "AMP;IPv4"])
def test_an_address_in_any_of_its_operands(ask, name):
    assert ask(f"{name}={V4}").status == 200
    assert addresses(ask) == ([V4], [OLD_V6[1]])


@pytest.mark.parametrize("name", ["ip6", "ipv6", "myip6", "myipv6", "IP6", "amp;amp;MyIPv6"])
def test_an_address_of_ipv6_in_any_of_its_operands(ask, name):
    assert ask(f"{name}={V6}").status == 200
    assert addresses(ask) == ([OLD_V4[1]], [V6])


@pytest.mark.parametrize("name", ["ip6lanprefix", "ipv6prefix", "ip6prefix", "lanprefix", "amp;IP6LANPREFIX"])
def test_a_prefix_in_any_of_its_operands(ask, name):
    assert ask(f"{name}=2001:db8:1:2::9/64").status == 200
    assert addresses(ask) == ([OLD_V4[1]], ["2001:db8:1:2::42"])


def test_the_same_in_two_operands_is_one_and_different_ones_are_none(ask, dialect):
    assert refuses(ask, ask(f"myip={V4}&ip=198.51.100.8"), dialect)
    assert refuses(ask, ask(f"myip={V4}&ip4={V4}&ipv6={V6}&myipv6=2001:db8::8"), dialect)
    assert ask(f"myip={V4}&ip4={V4}").status == 200
    assert addresses(ask) == ([V4], [OLD_V6[1]])


# What the source does not stand in for

@pytest.mark.parametrize("operand, name", [
    (f"wan_ip={V4}", "wan_ip"), ("IPADDR=x", "IPADDR"), ("myaddress=none", "myaddress"), ("delegated-prefix=56",
                                                                                         "delegated-prefix"),
    (f"a={V4}", "a"), (f"a={V6}", "a"), ("a=2001:db8::/64", "a"), (f"a=x,{V4}", "a"), (f"a=%5B{V6}%5D", "a"),
    (f"amp;a={V4}", "a"), (V4, V4), (f"verbose2=no%20http:/gw/nic/update?myip={V4}", "myip"),
])
def test_an_unknown_operand_that_hints_at_an_address(ask, dialect, operand, name):
    assert refuses(ask, ask(operand), dialect)
    assert says_in_log(ask.gateway, name)
    # ... is ignored beside an address that was understood.
    assert ask(f"{operand}&myip={V4}").status == 200
    assert addresses(ask) == ([V4], [OLD_V6[1]])


@pytest.mark.parametrize("operands", ["wan_ip=", "version=7.57&gateway=router&model=7590", "url=192.0.2.7&mx=192.0.2.8",
                                      "time=12:30:00&mac=00:11:22:33:44:55"])
def test_unknown_operands_that_hint_at_nothing(ask, operands):
    assert ask(operands).status == 200
    assert addresses(ask) == (["203.0.113.9"], [OLD_V6[1]])


JSON = "Content-Type: application/json"


@pytest.mark.parametrize("members", [{"myip": [V4]}, {"request": {"myip": V4}}, {"myip": 3325256711}], ids=str)
def test_what_cannot_be_read_of_a_json_object(ask, dialect, members):
    def post(**more):
        return ask(method="POST", headers=[JSON], body=json.dumps({**members, **more}).encode())
    assert refuses(ask, post(), dialect)
    assert post(ip=V4, flag=True, nothing=None).status == 200
    assert addresses(ask) == ([V4], [OLD_V6[1]])


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "text/plain"])
def test_a_body_that_nobody_reads(ask, content_type):
    """What `curl -F myip=...` sends."""
    body = f'--x\r\nContent-Disposition: form-data; name="myip"\r\n\r\n{V4}\r\n--x--\r\n'.encode()
    assert ask(method="POST", headers=[f"Content-Type: {content_type}"], body=body).status == 415
    assert addresses(ask) == UNTOUCHED


# Prefixes, lengths, blanks

@pytest.mark.parametrize("operands", ["ip6lanprefix=", "myip=&ip6lanprefix=", "lanprefix", f"myipv6={V6}&IPV6PREFIX=",
                                      f"ip6={V6}&ip6prefix=no", "myipv6=2001:db8:1::/64&ip6lanprefix="])
def test_an_empty_prefix_leaves_ipv6_alone(ask, dialect, operands):
    """A FRITZ!Box whose line has no prefix: the address beside it is its own."""
    assert refuses(ask, ask(operands, source=SOURCE_V6), dialect)
    assert ask(f"{operands}&ip4={V4}", source=SOURCE_V6).status == 200
    assert addresses(ask) == ([V4], [OLD_V6[1]])


def test_an_empty_prefix_and_a_source_of_ipv4(ask):
    assert ask("myip=&ip6lanprefix=").status == 200
    assert addresses(ask) == (["203.0.113.9"], [OLD_V6[1]])


@pytest.mark.parametrize("addresses_sent", [f"{V4}/32,{V6}/128", f"%20{V4}%20,%20{V6}", f"{V4},+{V6}/128"])
def test_lengths_and_blanks_that_say_nothing(ask, addresses_sent):
    assert ask(f"ip={addresses_sent}").status == 200
    assert addresses(ask) == ([V4], [V6])


@pytest.mark.parametrize("operands", [f"ip={V4}/24", "ip=198.51.100.0/24", "ip=2001:db8::7/64", "ip=2001:db8::7/127",
                                      f"ip={V4}/33", "ip=2001:db8::/0", "ip6lanprefix=198.51.100.0/24"])
def test_lengths_that_may_mean_something_else(ask, dialect, operands):
    assert refuses(ask, ask(operands), dialect)


@pytest.mark.parametrize("word", ["preserve", "no", "NO"])
def test_a_family_that_is_to_stay(ask, dialect, word):
    assert refuses(ask, ask(f"ip={word}"), dialect)
    assert refuses(ask, ask(f"ip={V4}&ipv4={word}"), dialect)
    assert ask(f"ip={V4}&ipv6={word}").status == 200
    assert addresses(ask) == ([V4], [OLD_V6[1]])


# Addresses that are none

@pytest.mark.parametrize("source", ["192.0.0.2", "198.18.0.1", "4000::1", "2002:c0a8:101::1", "64:ff9b::c0a8:101",
                                    "10.0.0.1", "fec0::1"])
def test_the_source_has_to_be_as_good_as_any(ask, dialect, source):
    assert refuses(ask, ask(source=source), dialect)


def test_ds_lite(ask, dialect):
    """The router of a line without IPv4 has 192.0.0.2."""
    assert refuses(ask, ask("ip=192.0.0.2"), dialect)
    assert refuses(ask, ask("ip=192.0.0.2,fe80::1"), dialect)
    assert ask(f"ip=192.0.0.2,{V6}").status == 200
    assert addresses(ask) == ([OLD_V4[1]], [V6])


def test_addresses_of_ipv6_with_one_of_ipv4_in_them(ask):
    for address in ("2002:c633:6407::1", "64:ff9b::c633:6407", "3fff::1"):
        assert ask(f"ip={address}").status == 200
        assert addresses(ask) == ([OLD_V4[1]], [address])


# Whose host

@pytest.fixture
def only(primary, front):
    """A host, another one, and the gateway of a user who has the first one alone."""
    host, other = primary.new_hosts(2, OLD_V4)
    return host, other, front(primary, users=[user_setting(hosts=[host])])


@pytest.mark.parametrize("name", ["host", "domain", "domains", "fqdn", "HOSTNAME", "Host", "amp;hostname", "AMP;FQDN"])
def test_a_host_in_any_of_its_operands(primary, only, name):
    host, other, gateway = only
    answer = gateway.ask("GET", f"/nic/update?{name}={other}&myip={V4}", [BASIC])
    assert (answer.status, answer.body) == (403, b"!yours\n")
    assert primary.records(host, "A")[1] == [OLD_V4[1]]
    answer = gateway.ask("GET", f"/nic/update?{name}={host}&myip={V4}", [BASIC])
    assert (answer.status, answer.text) == (200, f"good {V4}\n")


@pytest.mark.parametrize("operand", ["node={other}", "x={other}.", "x=a,{other}", "x={other};{other}",
                                     "x=a%20{other}", "{other};a.example.net", "{other}", "x=*.{other}",
                                     f"record={ZONE}", "x=%20http:/gw/nic/update?hostname={other}"])
def test_an_unknown_operand_that_names_a_host_of_ours(primary, only, operand):
    """Of whatever account it is."""
    host, other, gateway = only
    operand = operand.format(other=other)
    answer = gateway.ask("GET", f"/nic/update?{operand}&myip={V4}", [BASIC])
    assert (answer.status, answer.body) == (400, b"notfqdn\n")
    assert primary.records(host, "A")[1] == [OLD_V4[1]]
    assert says_in_log(gateway, "")
    answer = gateway.ask("GET", f"/nic/update?{operand}&hostname={host}&myip={V4}", [BASIC])
    assert (answer.status, answer.text) == (200, f"good {V4}\n")


@pytest.mark.parametrize("operands", ["", "hostname=&", "hostname=YES&", "system=dyndns&", "server=ns.example.net&",
                                      "url=www.dyn.example.com&"])
def test_the_only_host_stands_in_where_none_is_named(primary, only, operands):
    host, _, gateway = only
    answer = gateway.ask("GET", f"/nic/update?{operands}myip={V4}", [BASIC])
    assert (answer.status, answer.text) == (200, f"good {V4}\n")
    assert primary.records(host, "A")[1] == [V4]


def test_no_host_stands_in_for_what_cannot_be_read(primary, only):
    host, _, gateway = only
    answer = gateway.ask("POST", f"/nic/update?myip={V4}", [BASIC, JSON], b'{"host": {"name": "x"}}')
    assert (answer.status, answer.body) == (400, b"notfqdn\n")
    assert primary.records(host, "A")[1] == [OLD_V4[1]]


# Wildcards

@pytest.fixture
def wild(primary, front):
    """A name below which there is a wildcard, and the gateway of users who have it, and all names below, as hosts."""
    below = primary.new_host(("TXT", "x"))
    primary.add(ZONE, f"*.{below}", OLD_V4)
    owner = f"owner:*.{below}"
    return below, front(primary, users=[user_setting(hosts=[owner]), user_setting("duck", TOKEN, hosts=[owner]),
                                        user_setting("below", hosts=[f"*.{below}", f"zone:{ZONE}"]),
                                        user_setting("both", hosts=[owner, f"*.{below}"], may_set_txt=True)])


@pytest.mark.parametrize("star", ["*", "%2A", "%2a"])
def test_a_wildcard_that_is_held_by_name(primary, wild, star):
    below, gateway = wild
    for word in ("good", "nochg"):
        answer = gateway.ask("GET", f"/nic/update?hostname={star}.{below.upper()}.&myip={V4}", [BASIC])
        assert (answer.status, answer.text) == (200, f"{word} {V4}\n")
    assert primary.records(f"*.{below}", "A")[1] == [V4]
    assert gateway.ask("GET", f"/dynamic.cgi?host={star}.{below}&ip=198.51.100.8&user={LOGIN}&password={API_KEY}"
                       ).code == "OK"
    assert gateway.ask("GET", f"/update?domains={star}.{below}&token={TOKEN}&ip=198.51.100.9").text == "OK"
    assert primary.records(f"*.{below}", "A")[1] == ["198.51.100.9"]


def test_nothing_else_makes_it_a_name(primary, wild):
    below, gateway = wild
    for user, hosts in (("below", f"*.{below}"), (LOGIN, f"*.{ZONE}"), (LOGIN, f"*.a.{below}"), (LOGIN, "*"),
                        (LOGIN, f"*.*.{below}")):
        answer = gateway.nic(hosts, V4, user=user)
        assert (answer.status, answer.body) == (400, b"notfqdn\n")
    assert gateway.nic(f"a.{below}", V4).code == "!yours"
    assert primary.records(f"*.{below}", "A")[1] == [OLD_V4[1]]


def test_a_wildcard_has_no_texts(primary, wild):
    """They would answer for the challenges of every host below."""
    below, gateway = wild
    serial = primary.serial()
    for fqdn in (f"*.{below}", f"_acme-challenge.*.{below}", f"_acme-challenge.{below}"):
        answer = gateway.ask("POST", "/present", [basic("both", API_KEY)],
                             json.dumps({"fqdn": f"{fqdn}.", "value": "x"}).encode())
        assert answer.status in (400, 403)
    assert primary.serial() == serial


# Paths

@pytest.mark.parametrize("path", ["/nic/update/", "//nic/update//", "/gw/nic/update", "/a/b/nic/update/", "/update/",
                                  "/v3/update/", "/dyndns/update/"])
def test_a_path_may_end_in_a_slash_and_in_nic_update(primary, only, path):
    host, _, gateway = only
    answer = gateway.ask("GET", nic(host, path=path, myip=V4), [BASIC])
    assert (answer.status, answer.text) == (200, f"good {V4}\n")


def test_other_paths_with_a_slash(primary, only):
    host, _, gateway = only
    assert gateway.ask("GET", target(host, V4).replace("cgi?", "cgi/?")).code == "OK"
    assert gateway.ask("GET", "/myip/").text == f"{LOOPBACK}\n"
    assert LOOPBACK in gateway.ask("GET", "/checkip/").text
    for path in ("/nic/update/x", "/nic/updates", "/nicupdate", "/nic/update%2e"):
        assert gateway.ask("GET", nic(host, path=path, myip=V4), [BASIC]).status == 404
