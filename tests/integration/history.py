"""What was asked of a zone and answered, and so what it may hold.

A register is what can be set apart from everything else: the A record of a host, its AAAA record, one string of a TXT
record. Each request is an operation on one or several registers and lasts from before it is sent until its answer is
read. What is done stays, until something that may have come later takes its place; so of each register the last one
done decides, and whatever was not over before that one began and may have been carried out."""

import itertools
import math
import threading
import time
from dataclasses import dataclass, field

# What became of an operation. While nobody has answered it is UNKNOWN, too.
DONE, UNDONE, UNKNOWN = "done", "undone", "unknown"


@dataclass(eq=False)
class Operation:
    what: str
    begin: float
    end: float = math.inf
    fate: str = UNKNOWN
    answer: str = ""
    names: set = field(default_factory=set)  # of the registers

    def __str__(self):
        return f"{self.begin:.4f} to {self.end:.4f} {self.what}: {self.fate} ({self.answer})"


class Register:
    """`initial` is what it held before all operations."""

    def __init__(self, initial):
        self.steps = [(Operation("at first", 0, 0, DONE), initial)]

    def causes(self, value, begin=math.inf):
        """The operations that may be why it holds that, when it was read after `begin`."""
        steps = list(self.steps)
        settled = max(operation.begin for operation, _ in steps if operation.fate == DONE and operation.end <= begin)
        return [operation for operation, set_to in steps
                if set_to == value and operation.fate != UNDONE and operation.end >= settled]

    def story(self, last=12):
        return [f"{operation} = {value}" for operation, value in self.steps[-last:]]


class History:
    """The registers of one owner, by name. Several clients may work on it at the same time."""

    def __init__(self, owner, **initial):
        self.owner = owner
        self.registers = {name: Register(value) for name, value in initial.items()}
        self.lock = threading.Lock()

    def begin(self, what, **values):
        """An operation that sets those registers. New ones are made, which held nothing."""
        with self.lock:
            operation = Operation(what, time.monotonic(), names=set(values))
            for name, value in values.items():
                self.registers.setdefault(name, Register(None)).steps.append((operation, value))
            return operation

    @staticmethod
    def finish(operation, fate, answer=""):
        operation.fate, operation.answer, operation.end = fate, answer, time.monotonic()

    def faults(self, held, begin=math.inf, together=True):
        """What is wrong with what was read after `begin`: `held` has the value of each register, None where there is
        none. `together`: all was read at one moment, or nobody changed anything meanwhile."""
        with self.lock:
            causes = {name: register.causes(held.get(name), begin) for name, register in self.registers.items()}
            faults = [f"{self.owner} {name} holds {held.get(name)}:\n  " + "\n  ".join(self.registers[name].story())
                      for name, found in causes.items() if not found]
            faults += [f"{self.owner} holds {name} {value}, which nobody asked for"
                       for name, value in held.items() if name not in self.registers]
        if not faults and together and not any(map(_is_whole, _choices(causes))):
            stories = "\n  ".join(f"{name}: {line}" for name in causes for line in self.registers[name].story())
            faults.append(f"{self.owner} holds {held}, a part of what was asked for together:\n  {stories}")
        return faults


def _choices(causes):
    return (dict(zip(causes, choice)) for choice in itertools.product(*causes.values()))


def _is_whole(choice):
    """Of each register one cause: what sets several registers is the cause of all of them, but for those that something
    else may have set later."""
    return all(choice[name] is cause or (choice[name].end > cause.begin and first not in choice[name].names)
               for first, cause in choice.items() for name in cause.names)


class Rotation(History):
    """Strings of one TXT record of which the two newest stay; others may go."""

    def faults(self, held, begin=math.inf, together=False):
        with self.lock:
            steps = [(register.steps[-1][0], name) for name, register in self.registers.items()]
        steps.sort(key=lambda step: step[0].begin)
        known = {name: operation for operation, name in steps}
        faults = [f"{name}, which is {known[name] if name in known else 'unknown'}" for name in held
                  if name not in known or known[name].fate == UNDONE]
        faults += [f"not {name}" for operation, name in steps
                   if operation.fate == DONE and operation.end <= begin and name not in held
                   and sum(other.end > operation.begin and other.fate != UNDONE for other, _ in steps) < 3]
        story = "\n  ".join(f"{operation} = {name}" for operation, name in steps[-12:])
        return [f"{self.owner} holds {', '.join(faults)}:\n  {story}"] if faults else []
