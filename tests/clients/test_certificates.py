"""How clients of ACME answer dns-01 challenges. A real one, lego, which Traefik and others have inside, gets
certificates from a real server, pebble, which looks for the answers at the primary. Those of acme-dns are replayed."""

import contextlib
import json
import re
import shlex

import pytest

from clients import Client
from document import HOST, line, with_ours
from gateway import API_KEY, LOGIN, user_setting
from process import LOOPBACK, Process, free_port, wait_until
from service import Certificate, serving

LIMIT_S = 60


class Pebble:
    """An ACME server that asks `primary` for TXT records."""

    def __init__(self, folder, primary):
        self.certificate = Certificate(folder)
        self.port = free_port()
        config = {"listenAddress": f"{LOOPBACK}:{self.port}", "managementListenAddress": f"{LOOPBACK}:{free_port()}",
                  "certificate": self.certificate.files["certificate"], "privateKey": self.certificate.files["key"],
                  "httpPort": 5002, "tlsPort": 5001}
        path = folder / "pebble.json"
        path.write_text(json.dumps({"pebble": config}))
        self.process = Process("pebble", ["env", "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0", "pebble", "-config", str(path), "-dnsserver",
                                          f"{LOOPBACK}:{primary.port}"], folder / "pebble.log")
        assert wait_until(lambda: "Listening on" in self.process.output()), self.process.tail()

    def close(self):
        self.process.kill()


@pytest.fixture
def pebble(primary, tmp_path):
    with contextlib.closing(Pebble(tmp_path, primary)) as pebble:
        yield pebble


@pytest.fixture
def service(primary):
    with serving(primary, users=[user_setting(may_set_txt=True)]) as service:
        yield service


@pytest.mark.parametrize("mode", [(), ("HTTPREQ_MODE=RAW",)], ids=["default", "raw"])
def test_httpreq(tmp_path, primary, service, pebble, mode):
    """The command of docs/CLIENTS.md. A domain and all below it are proved by two texts of one name, which are gone
    afterwards."""
    primary.replace(HOST, "A", "192.0.2.1")
    extra = f"""--server https://{LOOPBACK}:{pebble.port}/dir --path {tmp_path} --dns.disable-cp
        --dns.resolvers {LOOPBACK}:{primary.port} run"""
    command = with_ours(line("HTTPREQ_ENDPOINT="), service)
    argv = shlex.split(re.sub("run$", extra, command))
    trust = f"LEGO_CA_CERTIFICATES={pebble.certificate.authority}"
    process = Client(tmp_path, service, HOST).start("env", trust, *mode, *argv)
    assert process.wait(LIMIT_S) == 0, process.output()
    assert "BEGIN CERTIFICATE" in (tmp_path / "certificates" / f"{HOST}.crt").read_text()
    assert primary.records(f"_acme-challenge.{HOST}", "TXT") is None


# acme-dns: what clients send differs in the type that they give to their JSON.

ACME_DNS = {
    "goacmedns": """\
POST /update HTTP/1.1
Host: gw.example.com
User-Agent: cpu-goacmedns/0.1.1 (linux; amd64; go1.19)
Content-Length: {length}
Content-Type: application/json
X-Api-Key: {key}
X-Api-User: {login}
Accept-Encoding: gzip

{body}""",
    "acme.sh": """\
POST /update HTTP/1.1
Host: gw.example.com
User-Agent: acme.sh/3.0.7 (https://github.com/acmesh-official/acme.sh)
Accept: */*
X-Api-User: {login}
X-Api-Key: {key}
Content-Length: {length}
Content-Type: application/x-www-form-urlencoded

{body}""",
    "certbot hook": """\
POST /update HTTP/1.1
Host: gw.example.com
User-Agent: python-requests/2.28.1
Accept-Encoding: gzip, deflate
Accept: */*
Connection: keep-alive
X-Api-User: {login}
X-Api-Key: {key}
Content-Length: {length}

{body}""",
}


@pytest.fixture
def domain(primary):
    return primary.new_host(("A", "192.0.2.1"))


@pytest.fixture(params=ACME_DNS)
def acme_dns(request, service, domain):
    """Sends a text; whether the client takes it for published. All look for 200, and acme.sh for the text in quotes."""
    def update(text, key=API_KEY):
        body = json.dumps({"subdomain": f"_acme-challenge.{domain}", "txt": text})
        octets = ACME_DNS[request.param].format(login=LOGIN, key=key, length=len(body), body=body)
        with service.gateway.connect() as connection:
            connection.send(octets.replace("\n", "\r\n").encode())
            answer = connection.answer()
        return answer.status == 200 and f'"{text}"' in answer.text
    return update


def test_acme_dns_keeps_two_texts(acme_dns, primary, domain):
    """A domain and all below it are proved at one name."""
    texts = [letter * 43 for letter in "abc"]
    for count, text in enumerate(texts, 1):
        assert acme_dns(text)
        assert primary.records(f"_acme-challenge.{domain}", "TXT")[1] == [f'"{each}"' for each in texts[:count][-2:]]


def test_acme_dns_with_a_wrong_key(acme_dns, primary, domain):
    assert not acme_dns("a" * 43, key="not-the-password")
    assert primary.records(f"_acme-challenge.{domain}", "TXT") is None
