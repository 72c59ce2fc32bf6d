"""TXT records for ACME challenges, as acme-dns, lego's httpreq and DuckDNS ask for them, at real BIND and Knot."""

import base64
import hashlib
import json
import threading

import pytest

from conftest import READ_ONLY_ZONE, SECOND_ZONE
from gateway import API_KEY, LOGIN, ZONE, basic, form, secret, user_setting

OLD_V4 = ("A", "192.0.2.1")
GATEWAY_TTL = 180
TOKEN = "7c5b1d0e-token-of-alice"


@pytest.fixture
def gateway(primary, front):
    return front(primary, ZONE, READ_ONLY_ZONE,
                 users=[user_setting(hosts=[f"zone:{ZONE}", f"zone:{READ_ONLY_ZONE}"], may_set_txt=True),
                        user_setting("duck", TOKEN, may_set_txt=True), user_setting("plain")])


@pytest.fixture
def host(primary):
    return primary.new_host(OLD_V4)


def challenge(host):
    return f"_acme-challenge.{host}"


def texts(primary, name):
    """The strings of the TXT record; the TTL must be the gateway's."""
    ttl, values = primary.records(name, "TXT") or (GATEWAY_TTL, [])
    assert ttl == GATEWAY_TTL
    return [value.strip('"') for value in values]


def post(gateway, path, headers, **members):
    return gateway.ask("POST", path, ["Content-Type: application/json", *headers], json.dumps(members).encode())


def acmedns(gateway, subdomain, txt, user=LOGIN, key=API_KEY):
    return post(gateway, "/update", [f"X-Api-User: {user}", f"X-Api-Key: {secret(key)}"], subdomain=subdomain, txt=txt)


def httpreq(gateway, verb, fqdn, value, user=LOGIN):
    return post(gateway, f"/{verb}", [basic(user, API_KEY)], fqdn=fqdn, value=value)


def test_acmedns_keeps_the_last_two(primary, gateway, host):
    """A name and its wildcard are proved at the same place."""
    for last, txt in ((None, "first"), ("first", "second"), ("second", "third"), ("third", "third")):
        answer = acmedns(gateway, challenge(host), txt)
        assert (answer.status, json.loads(answer.text)) == (200, {"txt": txt})
        kept = texts(primary, challenge(host))
        assert txt in kept and last in (None, *kept) and len(kept) <= 2
    assert primary.records(host, "A")[1] == [OLD_V4[1]]


def test_httpreq(primary, gateway, host):
    name = challenge(host)
    for value in ("first", "second", "second"):
        assert httpreq(gateway, "present", f"{name}.", value).status == 200
    assert texts(primary, name) == ["first", "second"]
    assert httpreq(gateway, "cleanup", f"{name}.", "first").status == 200
    assert texts(primary, name) == ["second"]
    for value in ("first", "second", "never"):
        assert httpreq(gateway, "cleanup", f"{name}.", value).status == 200
    assert primary.records(name, "TXT") is None


def test_httpreq_raw(primary, gateway, host):
    """lego's HTTPREQ_MODE=RAW leaves the digest of RFC 8555 section 8.4 to the server."""
    def raw(verb, authorization, domain=host):
        return post(gateway, f"/{verb}", [basic(LOGIN, API_KEY)], domain=domain, token="t", keyAuth=authorization)
    digests = [base64.urlsafe_b64encode(hashlib.sha256(each).digest()).rstrip(b"=").decode() for each in (b"t.1", b"t.2")]
    for authorization in ("t.1", "t.2", "t.2"):
        assert raw("present", authorization).status == 200
    assert texts(primary, challenge(host)) == digests
    assert raw("cleanup", "t.1").status == 200
    assert texts(primary, challenge(host)) == digests[1:]
    assert raw("cleanup", "t.2", f"{host.upper()}.").status == 200
    assert primary.records(challenge(host), "TXT") is None


JSON_TYPE = "Content-Type: application/json"
ACMEDNS_LOGIN = (f"X-Api-User: {LOGIN}", f"X-Api-Key: {secret(API_KEY)}")


@pytest.mark.parametrize("path, headers, body, says", [
    ("/present", (), b"{}", '"fqdn"'), ("/present/", (), b"", '"fqdn"'), ("/cleanup", (), b"[1]", "not a JSON object"),
    ("/present", (), b'{"fqdn": 1, "value": "x"}', '"fqdn"'), ("/present", (), b'{"fqdn": "a b", "value": "x"}', '"fqdn"'),
    ("/present", (), b'{"fqdn": "_acme-challenge.www.%s"}' % ZONE.encode(), '"value"'),
    ("/present", (), b'{"domain": "www.%s"}' % ZONE.encode(), '"keyAuth"'), ("/cleanup", (), b'{"keyAuth": "t.1"}', '"domain"'),
    ("/present", (), b'{"fqdn": ', "not a JSON object"), ("/present", (), b"null", "not a JSON object"),
    ("/update", ACMEDNS_LOGIN, b"", '"subdomain"'), ("/update/", ACMEDNS_LOGIN, b"{}", '"subdomain"'),
    ("/update", ACMEDNS_LOGIN, b"[1]", "not a JSON object"), ("/update", ACMEDNS_LOGIN, b'{"txt": "x"}', '"subdomain"'),
    ("/update", ACMEDNS_LOGIN, b'{"subdomain": "_acme-challenge.www.%s"}' % ZONE.encode(), '"txt"'),
    ("/update", ACMEDNS_LOGIN, b'{"subdomain": "_acme-challenge.www.%s", "txt": "\\n"}' % ZONE.encode(), '"txt"'),
])
def test_what_is_wrong_is_said(primary, gateway, path, headers, body, says):
    serial = primary.serial()
    answer = gateway.ask("POST", path, [JSON_TYPE, *(headers or [basic(LOGIN, API_KEY)])], body)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/json")
    assert says in json.loads(answer.text)["error"] and "notfqdn" not in answer.text
    assert primary.serial() == serial


def test_a_byte_order_mark(primary, gateway, host):
    """As PowerShell and Windows' editors write it."""
    body = b"\xef\xbb\xbf" + json.dumps({"fqdn": challenge(host), "value": "x"}).encode()
    for headers in ([JSON_TYPE], []):
        assert gateway.ask("POST", "/present", [*headers, basic(LOGIN, API_KEY)], body).status == 200
    assert texts(primary, challenge(host)) == ["x"]


@pytest.mark.parametrize("verb, path, headers, body, status", [
    ("GET", "/health", [], b"", 200), ("HEAD", "/health/", [], b"", 200), ("POST", "/register", [], b"", 403),
    ("POST", "/register/", [JSON_TYPE], b'{"allowfrom": ["192.0.2.0/24"]}', 403), ("GET", "/register", [], b"", 405),
    ("GET", "/present", [], b"", 405), ("DELETE", "/update", ACMEDNS_LOGIN, b"", 405), ("POST", "/present", [], b"{}", 401),
    ("POST", "/update", ["X-Api-User: nobody"], b"{}", 401), ("POST", "/present", [], b"x" * 4097, 413),
    ("POST", "/update", ACMEDNS_LOGIN, b"x" * 4097, 413), ("POST", "/cleanup", ["Content-Type: text/xml"], b"<a/>", 415),
    ("POST", "/update", [*ACMEDNS_LOGIN, "Content-Type: text/xml"], b"<a/>", 415),
    ("POST", "/present", ["Content-Length: 2", "Content-Length: 3"], b"{}", 400),
])
def test_answers_are_json(gateway, verb, path, headers, body, status):
    answer = gateway.ask(verb, path, [*headers], body)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
    assert verb == "HEAD" or json.loads(answer.text)


@pytest.mark.parametrize("path", ["/register/x", "/health/x", "/present/x", "/healthz"])
def test_unknown_paths(gateway, path):
    assert gateway.ask("POST", path, [JSON_TYPE], b"{}").status == 404


def test_duckdns_txt(primary, gateway, host):
    """It is about the TXT record alone. An address beside it would not be set, so OK would not be so."""
    def ask(**operands):
        return gateway.ask("GET", "/update?" + form(domains=host, token=secret(TOKEN), **operands))
    serial = primary.serial()
    for address in ({"ip": "198.51.100.7"}, {"ipv6": "2001:db8::7"}, {"myip": "198.51.100.7", "clear": "true"}):
        assert (ask(txt="first", **address).status, ask(txt="first", **address).text) == (400, "KO")
    assert primary.serial() == serial
    assert ask(txt="first", ip="", ipv6="").text == "OK"
    assert texts(primary, challenge(host)) == ["first"]
    assert ask(txt="second").text.startswith("OK")
    assert texts(primary, challenge(host)) == ["second"]
    assert ask(txt="second", clear="true").text.startswith("OK")
    assert primary.records(challenge(host), "TXT") is primary.records(host, "TXT") is None
    assert primary.records(host, "A")[1] == [OLD_V4[1]]


def test_duckdns_txt_for_a_name_of_its_own(primary, gateway, host):
    """Who says `_acme-challenge` means that; by a label or in full the host's is meant."""
    def ask(domains, **operands):
        return gateway.ask("GET", "/update?" + form(domains=domains, token=secret(TOKEN), **operands)).text
    assert ask(challenge(host), txt="first") == "OK" and texts(primary, challenge(host)) == ["first"]
    assert ask(host.split(".")[0].upper(), TXT="second") == "OK" and texts(primary, challenge(host)) == ["second"]
    assert ask(challenge(host), txt="", clear="true") == "OK" and texts(primary, challenge(host)) == []
    assert ask(f"_other.{host}", txt="third") == "KO"


@pytest.mark.parametrize("txt", ["x" * 255, 'a "quoted" \\ string', "semi;colon and space "],
                         ids=["long", "quotes", "odd"])
def test_any_printable_string(primary, gateway, host, txt):
    assert httpreq(gateway, "present", challenge(host), txt).status == 200
    found, = primary.records(challenge(host), "TXT")[1]
    assert found == '"' + txt.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize("name, value, user, status", [
    (f"_acme-challenge.www.{ZONE}", "x", "nobody", 401), (f"_acme-challenge.www.{ZONE}", "x", "plain", 403),
    (f"_acme-challenge.www.{SECOND_ZONE}", "x", LOGIN, 403), ("_acme-challenge.www.example.org", "x", LOGIN, 403),
    ("no name", "x", LOGIN, 400), (f"_acme-challenge.www.{ZONE}", "", LOGIN, 400),
    (f"_acme-challenge.www.{ZONE}", "x" * 256, LOGIN, 400), (f"_acme-challenge.www.{ZONE}", "x\ny", LOGIN, 400),
    (f"_acme-challenge.www.{READ_ONLY_ZONE}", "x", LOGIN, 503),
])
def test_failures(primary, gateway, name, value, user, status):
    """A status of 400 and more is what these clients take for failure."""
    serial = primary.serial()
    assert httpreq(gateway, "present", name, value, user).status == status
    assert acmedns(gateway, name, value, user).status == status
    assert primary.serial() == serial


def test_a_challenge_that_is_an_alias(primary, gateway, host):
    """Beside a CNAME the primary adds nothing and says nothing. That there is no TXT record is true there."""
    primary.add(ZONE, challenge(host), ("CNAME", f"elsewhere.{ZONE}."))
    clear = form(domains=challenge(host), token=secret(TOKEN), txt="x", clear="true")
    assert gateway.ask("GET", f"/update?{clear}").text == "OK"
    assert httpreq(gateway, "present", challenge(host), "x").status == 404
    assert acmedns(gateway, challenge(host), "x").status == 404
    primary.remove(challenge(host), "CNAME")
    assert httpreq(gateway, "present", challenge(host), "x").status == 200
    assert texts(primary, challenge(host)) == ["x"]


@pytest.mark.parametrize("hides", ["NS ns.example.net.", "DNAME elsewhere.example.net."], ids=["NS", "DNAME"])
def test_a_challenge_that_nobody_would_find(primary, gateway, hides):
    """Primaries keep it behind a delegation, and BIND behind a DNAME, and answer queries as if it were not there."""
    cut = f"cut-{primary.new_host(OLD_V4)}"
    host = f"host.{cut}"
    primary.nsupdate(f"zone {ZONE}", f"update add {cut} 300 {hides}")
    serial = primary.serial()
    for _ in range(2):
        assert httpreq(gateway, "present", challenge(host), "x").status == 404
        assert acmedns(gateway, challenge(host), "x").status == 404
        assert gateway.ask("GET", "/update?" + form(domains=host, token=secret(TOKEN), txt="x")).text == "KO"
    assert primary.serial() == serial
    primary.remove(cut, hides.split()[0])
    assert httpreq(gateway, "present", challenge(host), "x").status == 200
    assert texts(primary, challenge(host)) == ["x"]


def test_many_at_once(primary, gateway):
    """Strings of one name that are added at the same time are all there, and aliases among them spoil nothing."""
    hosts = primary.new_hosts(4, OLD_V4)
    primary.add(ZONE, challenge(hosts[0]), ("CNAME", f"elsewhere.{ZONE}."))
    statuses = {}

    def present(host, value):
        statuses[host, value] = httpreq(gateway, "present", challenge(host), value).status
    threads = [threading.Thread(target=present, args=[host, f"value{number}"]) for host in hosts for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == {(host, value): 404 if host == hosts[0] else 200 for host, value in statuses}
    for host in hosts[1:]:
        assert sorted(texts(primary, challenge(host))) == [f"value{number}" for number in range(5)]
