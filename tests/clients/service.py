"""A gateway as clients reach it."""

import contextlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gateway import ZONE, Gateway, config_text, user_setting, zone_setting
from process import LOOPBACK, LOOPBACK_V6


@dataclass(frozen=True)
class Service:
    """`authority` is the file with the certificate of a private CA; HTTPS if there is one."""
    gateway: Gateway
    authority: Path = None

    @property
    def scheme(self):
        return "https" if self.authority else "http"

    @property
    def address(self):
        return f"{LOOPBACK}:{self.gateway.port}"

    @property
    def url(self):
        return f"{self.scheme}://{self.address}"


class Certificate:
    """A private CA, and a certificate from it for the loopback."""

    def __init__(self, folder):
        self.authority = folder / "ca.pem"
        self.files = {"certificate": str(folder / "server.pem"), "key": str(folder / "server.key")}
        self._issue(self.authority, folder / "ca.key", "-subj", "/CN=Our CA")
        self._issue(self.files["certificate"], self.files["key"], "-subj", "/CN=gw.example.com",
                    "-CA", self.authority, "-CAkey", folder / "ca.key",
                    "-addext", f"subjectAltName=DNS:gw.example.com,IP:{LOOPBACK},IP:{LOOPBACK_V6}",
                    "-addext", "basicConstraints=critical,CA:FALSE")

    @staticmethod
    def _issue(certificate, key, *options):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-out", certificate, "-keyout", key, *options],
                       check=True, capture_output=True)


@contextlib.contextmanager
def serving(primary, certificate=None, users=(), listen=(LOOPBACK,), **options):
    """A gateway in front of the primary. Its users may also set addresses of the loopback, for those clients that find
    out their own, and may be wrong as often as the tests are."""
    if certificate:
        listen = [{"certificates": [certificate.files]}]
    options = {"allow_loopback": True, "failed_logins_max": 0, **options}
    key = primary.key()
    config = config_text([zone_setting(ZONE, primary, key)], [key], users or [user_setting()], **options)
    with contextlib.closing(Gateway(config, listen=listen).start()) as gateway:
        yield Service(gateway, certificate and certificate.authority)
