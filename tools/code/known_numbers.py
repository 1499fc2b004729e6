"""The numbers that settings stand for: written out, or the default of the option that is read."""

from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Value, number


def known_number(trace: Trace, value: Value | None) -> float | None:
    """The number of a value: a literal, or what an option has unless somebody sets it; None where neither is known."""
    if value is None:
        return None
    written = number(value)
    return written if written is not None else option_default(trace, value)


def option_default(trace: Trace, value: Value) -> float | None:
    """The default of the command-line option that `args.lr` reads (when the project has one of that name), or the
    entry of `dict(lr=0.1)`."""
    if value.op == "element" and value.inputs and value.inputs[0].op == "dict":
        key = value.name.rpartition("[")[2].strip("]'\"")
        return number(value.inputs[0].kwargs.get(key))
    if value.op != "attr":
        return None
    option = value.name.rpartition(".")[2]
    defaults = [
        number(event.kwargs.get("default"))
        for event in trace.events()
        if event.op.endswith(".add_argument")
        and any(isinstance(a.const, str) and a.const.lstrip("-").replace("-", "_") == option for a in event.args)
    ]
    return defaults[0] if len(set(defaults)) == 1 else None
