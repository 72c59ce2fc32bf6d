"""The command line: what a verb takes is what its help says, and whatever else there is ends in one line and exit status 2, before
anything is done. An option that is silently ignored would be taken for a limit."""

import re
import subprocess

import pytest

from gateway import BINARY


def run(*words):
    return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)


def help_of(*words):
    done = run(*words, "--help")
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def usages(command):
    """Of each verb: its name ("" where the command has none), its operands and its options with their values."""
    for line in help_of(command).split("\n\n", 1)[0].splitlines():
        line = re.sub(rf"^(Usage:|) *ddnsgate {command} ?", "", line)
        options = {name: value for name, value in re.findall(r"(--?[a-z-]+)(?: ([A-Z]+))?", line)}
        words = re.sub(r"\[.*?\](\.\.\.)?|-c FILE", "", line).split()
        verb = words.pop(0) if words and words[0].islower() else ""
        yield verb, words, options


COMMANDS = ("serve", "check", "tsig", "user", "key", "version")
VERBS = [(command, *usage) for command in COMMANDS for usage in usages(command)]
VALUES = {"--config": "nowhere.cfg", "-c": "nowhere.cfg", "--zone": "dyn.example.com", "--for": "bind", "--algorithm": "hmac-sha256",
          "--output": "nowhere/new.key", "--name": "laptop", "--host": "www.dyn.example.com", "--from": "192.0.2.0/24",
          "--expires": "2030-01-31", "--live": None, "--may-create": None, "--may-set-txt": None}


def line_of(command, verb, operands, options, *more):
    words = [command, *([verb] if verb else []), *("operand" for _ in operands)]
    for name in options:
        words += [name, *([VALUES[name]] if VALUES[name] else [])]
    return [*words, *more]


def refusal(*words):
    done = run(*words)
    assert done.returncode == 2 and done.stdout == "", done
    assert re.fullmatch(r"ddnsgate .*\. Usage: ddnsgate .*\n", done.stderr), done.stderr
    return done.stderr


def test_all_commands_are_known():
    assert {command for command, *_ in VERBS} == set(re.findall(r"^  ([a-z]+) ", help_of(), re.M))
    assert len(VERBS) >= 16


@pytest.mark.parametrize("command, verb, operands, options", VERBS)
def test_an_option_that_does_not_fit_is_refused(command, verb, operands, options):
    taken = {"--config" if name == "-c" else name for name in options}
    if (command, verb, operands) == ("key", "generate", []):  # with one of those that limit a key, its user is missing
        taken |= {"--config", "--name", "--host", "--from", "--expires"}
    for name in VALUES.keys() - taken - {"-c"}:
        said = refusal(*line_of(command, verb, operands, options, name, *([VALUES[name]] if VALUES[name] else [])))
        assert f"{name} has no meaning here" in said and f"Usage: ddnsgate {command}" in said


@pytest.mark.parametrize("command, verb, operands, options", VERBS)
def test_what_is_missing_unknown_or_too_much_is_named(command, verb, operands, options):
    assert "no option `--nonsense`" in refusal(*line_of(command, verb, operands, options, "--nonsense"))
    assert "no option `-x`" in refusal(*line_of(command, verb, operands, options, "-x"))
    if (command, verb, operands) != ("key", "generate", []):  # it then is for the user of that name
        said = refusal(*line_of(command, verb, [*operands, "SURPLUS"], options))
        assert "`operand` is too much" in said or "there is no `operand` here" in said
    if operands and (command, verb) != ("key", "generate"):
        assert f"{operands[-1]} is missing" in refusal(*line_of(command, verb, operands[:-1], options))
    if "-c" in options:
        without = {name: value for name, value in options.items() if name != "-c"}
        assert "--config is missing" in refusal(*line_of(command, verb, operands, without))
    for name, value in options.items():
        if value:
            long = "--config" if name == "-c" else name
            assert f"{value} is missing behind {long}" in refusal(*line_of(command, verb, operands, {}, name))
        else:
            assert f"{name} takes no value" in refusal(*line_of(command, verb, operands, {}, f"{name}=1"))


@pytest.mark.parametrize("words, said", [
    (["user", "add", "alice", "-c", "x", "--host", "no pattern"], '--host: "no pattern" is not a pattern of hosts'),
    (["user", "add", "alice", "-c", "x", "--host", ""], '--host: "" is not a pattern of hosts'),
    (["key", "generate", "alice", "-c", "x", "--from", "192.0.2.1/33"], '--from: "192.0.2.1/33" is not a network'),
    (["key", "generate", "alice", "-c", "x", "--expires", "2027-02-29"], '--expires: "2027-02-29" is not a day'),
    (["tsig", "-c", "x", "--for", "unbound"], '--for: "unbound" is not bind or knot'),
    (["user"], "what is to be done is missing: one of add, passwd, hosts, enable, disable, list, import"),
    (["user", "remove", "alice"], "there is no `remove` here, but add, passwd"),
    (["key", "generate", "-c", "x"], "LOGIN is missing"),
    (["key", "generate", "--name", "x"], "LOGIN is missing"),
    (["version", "please"], "there is no `please` here"),
    (["check", "x.cfg"], "there is no `x.cfg` here"),
])
def test_values_and_verbs_are_checked(words, said):
    assert said in refusal(*words)


def test_many_short_options_in_one_word():
    assert "x: " in run("check", "-" + 300 * "l" + "c", "x").stderr


def test_no_command():
    for words in ([], ["nonsense"], ["--nonsense"]):
        done = run(*words)
        assert done.returncode == 2 and done.stdout == "" and "Usage: ddnsgate COMMAND" in done.stderr


def test_help_is_of_one_verb_or_of_all():
    assert "--may-create" in help_of("user") and "--may-create" in help_of("user", "add")
    assert "--may-create" not in help_of("user", "hosts") and "--host PATTERN" in help_of("user", "hosts")
    assert "there is no `nonsense` here" in refusal("user", "nonsense", "--help")
