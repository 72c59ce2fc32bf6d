"""Faults in the configuration: `check` and `serve` say the same, name file and line, exit with 1, and nothing is
started."""

import os
import re
import shutil
import socket
import subprocess

import pytest

from gateway import BINARY, secret
from process import LOOPBACK, free_port

SECRET = secret("ZlhGZaZskrIQWKhCvFg2XfDZ7vUZTJFgbLyYCSCeO1U=")
API_KEY = secret("ER2T229DF4GBNM-config")
LISTEN = 'listen = ( { address = "127.0.0.1"; port = @PORT@; } );'
KEYS = f'tsig_keys = ( {{ name = "gw"; algorithm = "hmac-sha256"; secret = "{SECRET}"; }} );'
ZONES = 'zones = ( { name = "dyn.example.com"; primaries = ( "127.0.0.1:5353" ); key = "gw"; } );'
USERS = f'users = ( {{ login = "alice"; key = "{API_KEY}"; hosts = ( "www.dyn.example.com" ); }} );'
KEY_FILE = f'key "gw" {{\n\talgorithm hmac-sha256;\n\tsecret "{SECRET}";\n}};\n'


def lines(*options, listen=LISTEN, keys=KEYS, zones=ZONES, users=USERS):
    """A configuration of one line a setting. The line with the fault ends with `# here`."""
    return "\n".join(["# A comment, so that no fault is in the first line.", *options, listen, keys, zones, users, ""])


def here(text):
    return text + " # here"


def user(rest):
    return here(f'users = ( {{ login = "alice"; {rest} }} );')


def zone(rest, name="dyn.example.com", primary="127.0.0.1:5353"):
    """name=None or primary=None leave these out."""
    named = f'name = "{name}"; ' if name else ""
    served = f'primaries = ( "{primary}" ); ' if primary else ""
    return here(f"zones = ( {{ {named}{served}{rest} }} );")


def listener(rest):
    return here(f"listen = ( {{ {rest} }} );")


def tsig_key(rest):
    return here(f"tsig_keys = ( {{ {rest} }} );")


def named_key(rest):
    return tsig_key(f'name = "gw"; {rest}')


TWO_USERS = (f'users = ( {{ login = "alice"; key = "{API_KEY}"; hosts = ( "www.dyn.example.com" ); }},\n'
             f'{{ login = "alice"; key = "other-{API_KEY}"; hosts = ( "ftp.dyn.example.com" ); }} # here\n);')

FAULTS = {
    "unknown option": lines(here("listne = 1;")),
    "unknown option of a listener": lines(listen=listener('address = "127.0.0.1"; port = @PORT@; prot = 1;')),
    "unknown option of a key": lines(keys=named_key(f'algorithm = "hmac-sha256"; secret = "{SECRET}"; salt = 1;')),
    "unknown option of a zone": lines(zones=zone('key = "gw"; tttl = 1;')),
    "unknown option of a user": lines(users=user('hosts = ( "www.dyn.example.com" ); activ = true;')),

    "text for a number": lines(here('fudge_s = "300";')),
    "number for a text": lines(here("log_level = 3;")),
    "number for a boolean": lines(here("allow_loopback = 1;")),
    "number for a list": lines(users=here("users = 1;")),
    "text for a list of groups": lines(zones=here('zones = ( "dyn.example.com" );')),
    "number for a host": lines(users=user("hosts = ( 1 );")),
    "text for a port": lines(listen=listener('address = "127.0.0.1"; port = "@PORT@";')),
    "fraction for a number": lines(here("idle_timeout_s = 1.5;")),

    "unknown word": lines(here('log_level = "loud";')),
    "negative number": lines(here("request_timeout_ms = -1;")),
    "time-out of nothing": lines(here("reply_timeout_ms = 0;")),
    "number beyond its range": lines(here("connect_timeout_ms = 2147483647;")),
    "fudge beyond its 16 bits": lines(here("fudge_s = 65536;")),
    "port 0": lines(listen=listener('address = "127.0.0.1"; port = 0;')),
    "port 65536": lines(listen=listener('address = "127.0.0.1"; port = 65536;')),
    "negative ttl": lines(zones=zone('key = "gw"; ttl = -1;')),

    "address that is none": lines(listen=listener('address = "127.0.0.256"; port = @PORT@;')),
    "primary that is none": lines(zones=zone('key = "gw";', primary="127.0.0.1:99999")),
    "zone without primaries": lines(zones=zone('primaries = ( ); key = "gw";', primary=None)),
    "zone name that is none": lines(zones=zone('key = "gw";', name="dyn..example.com")),
    "zone without a name": lines(zones=zone('key = "gw";', name=None)),
    "zone without a key": lines(zones=zone("")),
    "zone whose key is missing": lines(zones=zone('key = "other";')),

    "user without a login": lines(users=here('users = ( { hosts = ( "www.dyn.example.com" ); } );')),
    "user whose host lies in no zone": lines(users=user('hosts = ( "www.dyn.example.com", "www.example.org" );')),
    "user whose wildcard lies in no zone": lines(users=user('hosts = ( "*.example.org" );')),
    "user whose zone is not served": lines(users=user('hosts = ( "zone:example.org" );')),
    "host that only ends like the zone": lines(users=user('hosts = ( "wwwdyn.example.com" );')),
    "host that is none": lines(users=user('hosts = ( "w w.dyn.example.com" );')),
    "digest that is none": lines(users=user('key = "sha256:1234"; hosts = ( "www.dyn.example.com" );')),
    "duplicate login": lines(users=TWO_USERS),

    "unknown algorithm": lines(keys=named_key(f'algorithm = "hmac-sha3"; secret = "{SECRET}";')),
    "secret that is no base64": lines(keys=named_key('algorithm = "hmac-sha256"; secret = "!!!!";')),
    "key without a secret": lines(keys=named_key('algorithm = "hmac-sha256";')),
    "key file that does not exist": lines(keys=tsig_key('file = "@FOLDER@/nowhere.key";')),
    "key file that others can read": lines(keys=tsig_key('file = "@FOLDER@/readable.key";')),
    "key file that is none": lines(keys=tsig_key('file = "@FOLDER@/nonsense.key";')),

    "syntax": lines(here("fudge_s = = 300;")),
}


@pytest.fixture
def folder(tmp_path):
    for name, text, mode in (("gw.key", KEY_FILE, 0o640), ("readable.key", KEY_FILE, 0o644),
                             ("nonsense.key", "nonsense\n", 0o600)):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(mode)
    return tmp_path


def ddnsgate(*arguments):
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return done


@pytest.fixture
def run(folder):
    """Runs a sub-command on a configuration."""
    def run_it(command, text):
        path = folder / "ddnsgate.cfg"
        path.write_text(text.replace("@PORT@", str(free_port())).replace("@FOLDER@", str(folder)))
        path.chmod(0o600)
        done = ddnsgate(command, "-c", path)
        assert SECRET not in done.stdout + done.stderr and API_KEY not in done.stdout + done.stderr
        return path, done
    return run_it


def fault_lines(text):
    return [number for number, line in enumerate(text.splitlines(), 1) if line.endswith("# here")]


@pytest.mark.parametrize("command", ["check", "serve"])
@pytest.mark.parametrize("fault", FAULTS)
def test_fault(run, command, fault):
    path, done = run(command, FAULTS[fault])
    assert done.returncode == 1, done.stderr
    line, = fault_lines(FAULTS[fault])
    assert re.search(rf"(?m)^{re.escape(str(path))}:{line}: \S+", done.stderr), done.stderr
    assert "event=ready" not in done.stderr


@pytest.mark.parametrize("command", ["check", "serve"])
def test_several_faults_are_all_reported(run, command):
    text = lines(here("fudge_s = -1;"), here("allow_private = 7;"), here("listne = 1;"))
    path, done = run(command, text)
    assert done.returncode == 1
    reported = {int(number) for number in re.findall(rf"(?m)^{re.escape(str(path))}:(\d+): ", done.stderr)}
    assert set(fault_lines(text)) <= reported, done.stderr


@pytest.mark.parametrize("include", ["users.cfg", "@FOLDER@/users.cfg"], ids=["relative", "absolute"])
def test_a_fault_in_an_included_file_is_named_there(run, folder, include):
    """Users may live in a file of their own. A relative path starts where the configuration is."""
    included = folder / "users.cfg"
    included.write_text("# Users\n\n" + user('hosts = ( "www.example.org" );') + "\n")
    _, done = run("check", lines(users=f'@include "{include}"'))
    assert done.returncode == 1
    assert re.search(r"(?m)^(.*/)?users\.cfg:3: ", done.stderr), done.stderr


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_file_that_does_not_exist(command, tmp_path):
    missing = tmp_path / "missing.cfg"
    done = ddnsgate(command, "-c", missing)
    assert done.returncode == 1
    assert str(missing) in done.stderr


RIGHT = {
    "plain": lines(),
    "two listeners": lines(
        listen='listen = ( { address = "127.0.0.1"; port = @PORT@; }, { address = "::1"; port = @PORT@; } );'),
    "key file": lines(keys='tsig_keys = ( { file = "@FOLDER@/gw.key"; } );'),
    "zone": lines(
        zones='zones = ( { name = "dyn.example.com."; primaries = ( "127.0.0.1", "[::1]:5353", "::1" ); key = "gw";\n'
              'ttl = 60; active = false; } );'),
    "users": lines(
        users='users = ( { login = "keyless"; hosts = ( "*.dyn.example.com", "zone:dyn.example.com" );\n'
              'active = false; may_update = false; },\n'
              f'{{ login = "hashed"; key = "sha256:{"0f" * 32}"; hosts = ( "dyn.example.com" ); }} );'),
    "options": lines(
        'log_level = "error";', "uniform_auth_errors = true;", "allow_private = false;", "allow_loopback = true;",
        "request_timeout_ms = 5000;", "connect_timeout_ms = 1000;", "reply_timeout_ms = 2000;", "fudge_s = 60;",
        "idle_timeout_s = 10;", "max_connections = 100;"),
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_check_accepts_what_is_right(run, text):
    """Keys in plain are accepted, with one warning; hashes without."""
    path, done = run("check", text)
    assert done.returncode == 0
    assert re.fullmatch(r"(.*: warning: keys stand here in plain.*\n)?", done.stderr)
    assert bool(done.stderr) == (API_KEY in text)
    assert "OK" in done.stdout and str(path) in done.stdout
    path, done = run("check", text.replace(API_KEY, f"sha256:{'0123456789abcdef' * 4}"))
    assert (done.returncode, done.stderr) == (0, "")


def test_check_starts_nothing(run):
    with socket.create_server((LOOPBACK, 0)) as taken:
        _, done = run("check", lines().replace("@PORT@", str(taken.getsockname()[1])))
    assert done.returncode == 0


def test_serve_with_a_port_in_use(run):
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        _, done = run("serve", lines().replace("@PORT@", str(port)))
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "event=ready" not in done.stderr


def test_a_start_folder_that_is_closed_to_the_daemon(tmp_path):
    """As when an administrator, at home, runs it as another user."""
    config, home = tmp_path / "gate.cfg", tmp_path / "home"
    config.write_text(lines().replace("@PORT@", str(free_port())))
    config.chmod(0o644)
    home.mkdir()
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != folder.parent and not folder.stat().st_mode & 0o005:
            folder.chmod(folder.stat().st_mode | 0o005)
    program = shutil.copy(BINARY, tmp_path / "ddnsgate")
    other = "--reuid=65534 --regid=65534 --clear-groups" if os.getuid() == 0 else ""
    done = subprocess.run(["sh", "-c", f"cd {home} && chmod 0 . && exec setpriv {other} {program} check -c {config}"],
                          capture_output=True, text=True, timeout=30, check=False)
    home.chmod(0o700)
    assert done.returncode == 0, done.stderr


# The command line around it

def test_version():
    done = ddnsgate("version")
    assert done.returncode == 0
    assert re.search(r"\d+\.\d+\.\d+", done.stdout)


@pytest.mark.parametrize("command", ["", "serve", "check", "version"])
def test_help(command):
    done = ddnsgate(*command.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"ddnsgate {command}".strip() in done.stdout


@pytest.mark.parametrize("arguments", ["", "bogus", "serve", "check", "serve -c", "check --bogus", "version extra",
                                       "serve -c file extra"])
def test_wrong_usage(arguments):
    done = ddnsgate(*arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr
