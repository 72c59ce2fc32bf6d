"""What docs/CLIENTS.md tells people to copy works, with nothing replaced but the server, its port and the
credentials."""

import re
import shlex

import pytest

from clients import Client, Ddclient, Inadyn
from document import HOST, TEXT, block, with_ours
from gateway import API_KEY, LOGIN, basic
from process import HAS_IPV6, LOOPBACK, LOOPBACK_V6
from rows import ROWS
from service import serving

OLD_V4, OLD_V6 = "192.0.2.1", "2001:db8::42:a:b:c"
V4, V6 = "198.51.100.7", "2001:db8::7"

PLACEHOLDERS = {
    "<domain>": HOST, "<ipaddr>": V4, "<ip6addr>": V6, "<ip6lanprefix>": "2001:db8:1:2::/64",
    "[USERNAME]": LOGIN, "[PASSWORD]": API_KEY, "[DOMAIN]": HOST, "[IP]": V4,
    "__HOSTNAME__": HOST, "__MYIP__": V4, "__USERNAME__": LOGIN, "__PASSWORD__": API_KEY,
    "%h": HOST, "%i": V4, "%IP%": V4, "<h>": HOST, "<a>": V4, "###IP###": V4,
}


def commands():
    """Command lines that update."""
    lines = re.findall(r"^((?:curl|wget|busybox) .*/update.*)$", TEXT, re.MULTILINE)
    assert len(lines) > 5
    return lines


def targets():
    """The part of each URL after the server, whatever stands for the values in it."""
    plain = TEXT.replace("\\?", "?").replace('\\"', '"')
    found = sorted(set(re.findall(r"/(?:nic/)?update\?[^\s`'\"]*", plain)))
    assert len(found) > 10
    return found


@pytest.fixture(scope="module")
def service(primary):
    listen = (LOOPBACK, LOOPBACK_V6) if HAS_IPV6 else (LOOPBACK,)
    with serving(primary, listen=listen) as service:
        yield service


@pytest.fixture(autouse=True)
def old_addresses(primary):
    primary.replace(HOST, "A", OLD_V4)
    primary.replace(HOST, "AAAA", OLD_V6)


def inadyn(tmp_path, service, text):
    """The addresses of a loopback are no addresses to inadyn otherwise."""
    return Inadyn(tmp_path, service, HOST).run("verify-address = false\n" + with_ours(text, service), HOST)


def ddclient(tmp_path, service, text):
    return Ddclient(tmp_path, service, HOST).run(with_ours(text, service), HOST)


@pytest.mark.parametrize("program", [ddclient, inadyn])
def test_configuration(tmp_path, service, primary, program):
    run = program(tmp_path, service, block(f"# {program.__name__}.conf"))
    run.require({ddclient: Ddclient, inadyn: Inadyn}[program].changed)
    assert primary.records(HOST, "A")[1] == [LOOPBACK]
    assert primary.records(HOST, "AAAA")[1] == [OLD_V6]


def ddclient_over_https(text, authority):
    """As the document says below the configuration."""
    text = text.replace("ssl=no", f"ssl=yes\nssl_ca_file={authority}")
    return text.replace("web=http:", "web=https:")


def inadyn_over_https(text, authority):
    return f"ca-trust-file = {authority}\n" + re.sub(r".*ssl.*\n", "", text)


@pytest.mark.parametrize("program, changed", [(ddclient, ddclient_over_https), (inadyn, inadyn_over_https)])
def test_configuration_over_https(tmp_path, primary, certificate, program, changed):
    with serving(primary, certificate) as service:
        run = program(tmp_path, service, changed(block(f"# {program.__name__}.conf"), certificate.authority))
    run.require({ddclient: Ddclient, inadyn: Inadyn}[program].changed)
    assert primary.records(HOST, "A")[1] == [LOOPBACK]


@pytest.mark.parametrize("program", [ddclient, inadyn] if HAS_IPV6 else [])
def test_configuration_for_ipv6(tmp_path, service, primary, program):
    run = program(tmp_path, service, block(f"# {program.__name__}6.conf"))
    run.require({ddclient: Ddclient, inadyn: Inadyn}[program].changed)
    assert primary.records(HOST, "AAAA")[1] == [LOOPBACK_V6]
    assert primary.records(HOST, "A")[1] == [OLD_V4]


@pytest.mark.parametrize("command", commands())
def test_command(tmp_path, service, primary, command):
    status, output = Client(tmp_path, service, HOST).finished(*shlex.split(with_ours(command, service)))
    assert status == 0, output
    assert primary.records(HOST, "A")[1] == ["203.0.113.7" if "=203.0.113.7" in command else LOOPBACK]


@pytest.mark.parametrize("target", targets())
def test_url(service, primary, target):
    target = with_ours(target, service)
    for placeholder, value in PLACEHOLDERS.items():
        target = target.replace(placeholder, value)
    if target.endswith("hostname="):
        target += HOST
    assert not re.search(r"[<>\[\]_#%]", target), "a placeholder that this test does not know"
    answer = service.gateway.ask("GET", target, [basic(LOGIN, API_KEY)])
    assert answer.status == 200 and answer.code in ("good", "OK"), answer
    assert primary.records(HOST, "A")[1] != [OLD_V4]


def test_the_table_promises_no_more_than_is_tested():
    """Each client "tested by its requests" has rows of them, and each name leads to a section."""
    replayed = {row.client for row in ROWS}
    sections = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
                for title in re.findall(r"^## (.*)$", TEXT, re.MULTILINE)}
    table = re.findall(r"^\| \[(.*?)\]\(#(.*?)\)(.*?) \|.* \| (.*?) \|$", TEXT, re.MULTILINE)
    assert len(table) > 10
    for names, anchor, rest, tested in table:
        assert anchor in sections
        if re.match("(its|their) requests", tested):
            version = re.match(r" \d+$", rest)
            assert {name + (version[0] if version else "") for name in names.split(", ")} <= replayed, names
