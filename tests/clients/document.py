"""docs/CLIENTS.md, and what in it stands for the reader's own values."""

import re
from pathlib import Path

from gateway import API_KEY, LOGIN, ZONE
from process import LOOPBACK, LOOPBACK_V6

TEXT = (Path(__file__).parents[2] / "docs" / "CLIENTS.md").read_text()
HOST = f"home.{ZONE}"


def block(first_line, text=TEXT):
    """The code block that begins so."""
    found = re.findall(rf"^```\w*\n({re.escape(first_line)}\n.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, first_line
    return found[0]


def line(start):
    """The one line that begins so."""
    found = re.findall(rf"^{re.escape(start)}.*$", TEXT, re.MULTILINE)
    assert len(found) == 1, start
    return found[0]


def with_ours(text, service):
    """A program that is told to use IPv6 finds the gateway at an address of that family."""
    port = service.gateway.port
    text = re.sub(r"(-6 .*?)gw\.example\.com", rf"\1[{LOOPBACK_V6}]:{port}", text)
    text = text.replace("gw.example.com", f"{LOOPBACK}:{port}")
    return text.replace("myLogin", LOGIN).replace("THE-KEY", API_KEY)
