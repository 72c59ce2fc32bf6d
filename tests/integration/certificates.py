"""Certificates for tests, made by openssl: self-signed, each with its key in a file of its own."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

KINDS = {
    "ecdsa": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "rsa": ("rsa:2048",),
    "ed25519": ("ed25519",),
}


@dataclass(frozen=True)
class Certificate:
    name: str
    path: Path
    key_path: Path

    @property
    def setting(self):
        return {"certificate": str(self.path), "key": str(self.key_path)}


def make(folder, name="gate.test", kind="ecdsa", days=90, stem=None, names=None):
    """A certificate for a host name, or for names as openssl writes them, valid for that many days from now on; a
    negative number of days: not any more."""
    stem = stem or f"{name}.{kind}"
    names = names or f"DNS:{name}"
    path, key_path = Path(folder, f"{stem}.pem"), Path(folder, f"{stem}.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", *KINDS[kind], "-nodes", "-keyout", key_path, "-out", path,
                    "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}", "-days", str(days)],
                   check=True, capture_output=True)
    key_path.chmod(0o600)
    return Certificate(name, path, key_path)


def client(certificate=None, version=None):
    """An SSL context of a client that believes that certificate and no other, or any if there is none given; and that
    speaks that version only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if certificate:
        context.load_verify_locations(certificate.path)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if version:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    return context
