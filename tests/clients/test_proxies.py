"""What docs/PROXIES.md tells people to copy works with the programs themselves, with nothing replaced but names, ports
and paths."""

import contextlib
import os
import shutil
from pathlib import Path

import pytest

import certificates
import document
from gateway import API_KEY, LOGIN, ZONE, Connection, Gateway, basic, config_text, zone_setting
from process import LOOPBACK, Process, free_port, wait_until

TEXT = (Path(__file__).parents[2] / "docs" / "PROXIES.md").read_text()
NAME = "gw.example.com"
HOST = f"www.{ZONE}"
CLIENT = "127.0.0.7"
LIES = ("Forwarded: for=192.0.2.66", "X-Forwarded-For: 192.0.2.66", "X-Real-IP: 192.0.2.66",
        "X-Forwarded-Proto: http")


def block(first_line):
    return document.block(first_line, TEXT)


def program(name):
    return shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")


def nginx(folder, config):
    """Around the file of conf.d what Debian's nginx.conf has, but in our folder."""
    temporary = "\n".join(f"{each}_temp_path {folder}/{each};"
                          for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    main = folder / "nginx.conf"
    user = "" if os.geteuid() else "user root;"
    main.write_text(f"daemon off; pid {folder}/pid; error_log stderr; {user}\nevents {{ }}\n"
                    f"http {{ access_log off;\n{temporary}\n{config}\n}}\n")
    return [program("nginx"), "-p", str(folder), "-c", str(main)]


def haproxy(folder, config):
    path = folder / "haproxy.cfg"
    path.write_text(config)
    return [program("haproxy"), "-db", "-f", str(path)]


def apache(folder, config):
    modules = ("mpm_event", "authz_core", "ssl", "headers", "proxy", "proxy_http")
    main = folder / "apache2.conf"
    port = config.split("<VirtualHost *:")[1].split(">")[0]
    main.write_text("".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in modules) +
                    f"ServerName {NAME}\nServerRoot {folder}\nPidFile {folder}/pid\nDefaultRuntimeDir {folder}\n"
                    f"ErrorLog /dev/stderr\nUser nobody\nGroup nogroup\nListen {port}\n{config}")
    return [program("apache2"), "-X", "-f", str(main)]


def caddy(folder, config):
    main = folder / "Caddyfile"
    main.write_text(f"{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{config}")
    return ["env", f"HOME={folder}", f"XDG_DATA_HOME={folder}", f"XDG_CONFIG_HOME={folder}", program("caddy"), "run",
            "--config", str(main), "--adapter", "caddyfile"]


BLOCKS = {
    nginx: "# /etc/nginx/conf.d/ddnsgate.conf",
    haproxy: "# /etc/haproxy/haproxy.cfg",
    apache: "# /etc/apache2/sites-available/ddnsgate.conf",
    caddy: "# /etc/caddy/Caddyfile",
}
PASSED_THROUGH = "# /etc/haproxy/haproxy.cfg, with TLS passed through"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    made = certificates.make(folder, NAME)
    (folder / "both.pem").write_text(made.path.read_text() + made.key_path.read_text())
    return made


def with_ours(text, certificate, ports):
    """Names of files and numbers of ports."""
    text = text.replace(f"/etc/ssl/{NAME}/fullchain.pem", str(certificate.path))
    text = text.replace(f"/etc/ssl/{NAME}/privkey.pem", str(certificate.key_path))
    text = text.replace(f"/etc/ssl/{NAME}/both.pem", str(certificate.path.parent / "both.pem"))
    for theirs, ours in ports.items():
        text = text.replace(f":{theirs}", f":{ours}").replace(f"listen {theirs}", f"listen {ours}")
        text = text.replace(f"port = {theirs}", f"port = {ours}")
    return text


class Behind:
    """A gateway, and a proxy in front of it at `port`. Both are as the document has them."""

    def __init__(self, stack, folder, certificate, primary, config, argv_of, settings):
        self.certificate = certificate
        self.port, inner = free_port(), free_port()
        ports = {443: self.port, 8080: inner, 8443: inner}
        self.gateway = Gateway(config_text([zone_setting(ZONE, primary, primary.key)], [primary.key],
                                           allow_loopback=True))
        path = self.gateway.write("ddnsgate.cfg", with_ours(settings, certificate, ports) + self.gateway.config)
        self.gateway.write_config = lambda: path
        stack.enter_context(contextlib.closing(self.gateway.start()))
        proxy = Process(argv_of.__name__, argv_of(folder, with_ours(config, certificate, ports)), folder / "log")
        stack.callback(proxy.stop)
        ready = wait_until(lambda: self.answers() or not proxy.running)
        assert ready and proxy.running, proxy.tail()

    def answers(self):
        try:
            return self.ask("/myip").text == f"{CLIENT}\n"
        except OSError:
            return False

    def ask(self, target, *headers):
        with Connection(self.port, source=CLIENT, tls=certificates.client(self.certificate), name=NAME) as connection:
            connection.request("GET", target, headers, host=NAME)
            return connection.answer()


@pytest.fixture
def behind(tmp_path, certificate, scripted):
    with contextlib.ExitStack() as stack:
        def make(argv_of, config, settings):
            primary = scripted()
            made = Behind(stack, tmp_path, certificate, primary, config, argv_of, settings)
            made.primary = primary
            return made
        yield make


CLEAR = block('trusted_proxies = ( "127.0.0.1" );                          # where the proxy connects from')
SECURE = 'trusted_proxies = ( "127.0.0.1" );\n' + block("listen = (")


def require_no_lie(front):
    assert front.ask("/myip").text == f"{CLIENT}\n"
    assert front.ask("/myip", *LIES).text == f"{CLIENT}\n"
    assert front.ask(f"/nic/update?hostname={HOST}", basic(LOGIN, API_KEY), *LIES).text == f"good {CLIENT}\n"
    assert front.primary.records.get(HOST, "A")[1] == {CLIENT}


@pytest.mark.parametrize("argv_of", BLOCKS)
def test_nobody_is_somebody_else(behind, argv_of):
    require_no_lie(behind(argv_of, block(BLOCKS[argv_of]), CLEAR))


def test_nor_with_tls_passed_through(behind):
    require_no_lie(behind(haproxy, block(PASSED_THROUGH), SECURE))


@pytest.mark.parametrize("argv_of", BLOCKS)
def test_the_lines_that_take_the_clients_header_away_are_needed(behind, argv_of):
    """What they are for: without them who sends a Forwarded of its own gets no answer."""
    config = block(BLOCKS[argv_of])
    lines = [line for line in config.splitlines(True) if "Forwarded" not in line.replace("X-Forwarded", "")]
    assert len(lines) == len(config.splitlines()) - 1
    front = behind(argv_of, "".join(lines), CLEAR)
    assert front.ask("/myip").text == f"{CLIENT}\n"
    assert front.ask("/myip", LIES[0]).status == 400
