"""Other engines, running what was exported: record in, failing rule ids out."""

import atexit
import json
import subprocess
import sys
from functools import cache

import pytest

from openweir.policy.export import to_cedar, to_cel, to_rego


def cedar(program):
    """Return the program in Cedar: validated strictly, asked for the most open tier."""
    cedarpy = pytest.importorskip("cedarpy", reason="needs cedarpy")
    (_, text), (_, schema) = to_cedar(program).files
    result = cedarpy.validate_policies(text, schema)
    assert result.validation_passed, result.errors
    return cedar_text(text)


def cedar_text(text, tier="fully-open"):
    """Return any Cedar text as a function."""
    cedarpy = pytest.importorskip("cedarpy", reason="needs cedarpy")
    policies = cedarpy.PolicySet.from_str(text)

    def ask(record):
        found = cedarpy.is_authorized(
            {
                "principal": 'Reader::"r"',
                "action": f'Action::"{tier}"',
                "resource": 'Release::"m"',
                "context": record,
            },
            policies,
            [],
        )
        names = set(found.diagnostics.id_annotations_by_reason.values())
        return set() if found.allowed else names

    return ask


def rego(program):
    """Return the program in Rego, with its own tier beside the failing rules."""
    ask = rego_text(
        to_rego(program).files[0][1], "x := [data.openweir.tier, data.openweir.failing]"
    )

    def failing(record):
        tier, found = ask(record)
        below = {rule.id: rule.tier - 1 for rule in program.rules}
        assert tier == min((below[name] for name in found), default=5)
        return set(found)

    return failing


def rego_text(text, query):
    """Return a query over any Rego text as a function."""
    regopy = pytest.importorskip("regopy", reason="needs regopy")
    interpreter = regopy.Interpreter()
    interpreter.add_module("policy", text)
    bundle = interpreter.build(query)

    def ask(record):
        interpreter.set_input_term(json.dumps(record))
        return json.loads(str(interpreter.query_bundle(bundle)))["bindings"]["x"]

    return ask


_GOOGLE = """
import json, sys
from cel_expr_python import cel
types = cel.Type
env = cel.NewEnv(variables={"r": types.Map(types.STRING, types.DYN)})
compiled = None
for line in sys.stdin:
    asked = json.loads(line)
    if "text" in asked:
        compiled = env.compile(asked["text"])
        answer = True
    else:
        value = compiled.eval(data={"r": asked["record"]})
        answer = None if value.type() == types.ERROR else list(value.plain_value())
    print(json.dumps(answer), flush=True)
"""


@cache
def _google():
    """Return the engine in a process of its own: inside a worker of pytest-xdist it aborts."""
    pytest.importorskip("cel_expr_python", reason="needs cel-expr-python")
    process = subprocess.Popen(
        [sys.executable, "-c", _GOOGLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(_stop, process)

    def ask(value):
        process.stdin.write(json.dumps(value) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    return ask


def _stop(process):
    process.stdin.close()
    process.wait()
    process.stdout.close()


def cel_google(program):
    """Return the program in CEL, compiled with static types by Google's engine."""
    engine, text = _google(), to_cel(program).files[0][1]
    assert engine({"text": text}) is True

    def ask(record):
        found = engine({"record": record})
        if found is None:
            raise TypeError("an error of the whole expression")
        return set(found)

    return ask


def cel_rust(program):
    """Return the program in CEL, run by the Rust engine."""
    found = pytest.importorskip("cel", reason="needs common-expression-language")
    compiled = found.compile(to_cel(program).files[0][1])
    return lambda record: set(compiled.execute({"r": record}))


PEERS = {"cedar": cedar, "cel-google": cel_google, "cel-rust": cel_rust, "rego": rego}
