"""A type of records is a number, a row, and a dialect that asks for it: those of docs/HACKING.md are put into a copy of the tree, and
the record is set, replaced and removed in a real zone."""

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import running_server
from gateway import API_KEY, LOGIN, ZONE, Gateway, basic, config_text, form, user_setting, zone_setting
from servers import Bind

TREE = Path(__file__).resolve().parents[2]
PARTS = ("CMakeLists.txt", "cmake", "gateway", "tsig", "conf", "docs")
HEADING = "## How to add a type of records"


def blocks():
    section = (TREE / "docs/HACKING.md").read_text().split(HEADING, 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^```c\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


def insert(path, marker, text, before=False):
    """Puts the text behind the line that the marker begins, or before it."""
    lines = path.read_text().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith(marker))
    lines.insert(at if before else at + 1, text)
    path.write_text("".join(lines))


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    tree = tmp_path_factory.mktemp("tree")
    for part in PARTS:
        copy = shutil.copytree if (TREE / part).is_dir() else shutil.copy
        copy(TREE / part, tree / part)
    number, code, row, dialect, dialect_row = blocks()
    insert(tree / "gateway/base/rr.h", "enum rr_type {", number)
    insert(tree / "gateway/base/rr.c", "static const struct rr_row rr_rows[]", code + "\n", before=True)
    insert(tree / "gateway/base/rr.c", "static const struct rr_row rr_rows[]", row)
    (tree / "gateway/dialect/caa.c").write_text(dialect)
    insert(tree / "gateway/dialect/dialect.h", "#define DIALECT_LIST", dialect_row)
    options = ["-DCMAKE_BUILD_TYPE=Debug", "-DDDNSGATE_TESTS=OFF", "-DDDNSGATE_WERROR=ON"]
    subprocess.run(["cmake", "-S", tree, "-B", tree / "build", *options], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", tree / "build", f"-j{os.cpu_count()}"], check=True, stdout=subprocess.DEVNULL)
    return tree / "build/ddnsgate"


class OpenBind(Bind):
    types = Bind.types + " CAA"


@pytest.fixture(scope="module")
def server():
    with running_server(OpenBind) as each:
        yield each


@pytest.fixture
def front(binary, server):
    key = server.key()
    user = user_setting(hosts=[f"zone:{ZONE}"], may_set_txt=True)
    made = Gateway(config_text([zone_setting(ZONE, server, key)], [key], [user]))
    made.binary = binary
    with contextlib.closing(made.start()):
        yield made


def test_a_trial_type_is_set_replaced_and_removed(front, server):
    host = server.new_host(("A", "192.0.2.1"))

    def ask(value):
        return front.ask("GET", "/caa?" + form(host=host, value=value), [basic(LOGIN, API_KEY)])
    for value in ('0 issue "ca.example"', '0 issue "other.example"'):
        answer = ask(value)
        assert answer.body == b"done\n", front.log
        assert server.records(host, "CAA") == (180, [value])
    assert ask("").body == b"done\n"
    assert server.records(host, "CAA") is None
    assert ask("none").status == 400
    assert server.records(host, "A")[1] == ["192.0.2.1"]
