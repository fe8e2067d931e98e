"""Other engines over many records: each gets what it reads best, and names failing rules."""

import json
from collections.abc import Callable, Sequence

from openweir.policy.export import to_cedar, to_cel, to_rego
from openweir.policy.program import Leaf, Node, Program

Many = Callable[[Sequence[dict]], list[set[str]]]


def regopy_bundle(program: Program) -> Many:
    """Rego by rego-cpp, compiled once into a bundle."""
    import regopy

    interpreter = regopy.Interpreter()
    interpreter.add_module("policy", to_rego(program).files[0][1])
    bundle = interpreter.build("x := data.openweir.failing")

    def one(record: dict) -> set[str]:
        interpreter.set_input_term(json.dumps(record))
        return set(json.loads(str(interpreter.query_bundle(bundle)))["bindings"]["x"])

    return lambda records: list(map(one, records))


def cedarpy_batch(program: Program) -> Many:
    """Cedar, policies parsed once, requests in one batch."""
    import cedarpy

    policies = cedarpy.PolicySet.from_str(to_cedar(program).files[0][1])

    def many(records: Sequence[dict]) -> list[set[str]]:
        requests = [
            {
                "principal": 'Reader::"r"',
                "action": 'Action::"fully-open"',
                "resource": 'Release::"m"',
                "context": record,
            }
            for record in records
        ]
        return [
            set() if found.allowed else set(found.diagnostics.id_annotations_by_reason.values())
            for found in cedarpy.is_authorized_batch(requests, policies, [])
        ]

    return many


def cel_expr_python(program: Program) -> Many:
    """CEL by Google's C++ engine, one list expression."""
    from cel_expr_python import cel

    env = cel.NewEnv(variables={"r": cel.Type.Map(cel.Type.STRING, cel.Type.DYN)})
    compiled = env.compile(to_cel(program).files[0][1])
    return lambda records: [set(compiled.eval(data={"r": r}).plain_value()) for r in records]


def common_expression_language(program: Program) -> Many:
    """CEL by the Rust engine, one list expression."""
    import cel

    compiled = cel.compile(to_cel(program).files[0][1])
    return lambda records: [set(compiled.execute({"r": record})) for record in records]


def zen_engine(program: Program) -> Many:
    """GoRules' expression language, one expression."""
    import zen

    rules = ", ".join(f'({_zen(rule.node)}) ? "" : "{rule.id}"' for rule in program.rules)
    compiled = zen.compile_expression(f'filter([{rules}], # != "")')
    return lambda records: [set(compiled.evaluate(record)) for record in records]


def _zen(node: Node) -> str:
    if not isinstance(node, Leaf):
        return " or ".join(f"({_zen(child)})" for child in node.children)
    signs = {"at-most": "<=", "at-least": ">="}
    parts = [f"{node.slot} != null"]
    for check in node.checks:
        value = f"{node.slot}.{check.field}"
        parts.append(
            f'{value} == "yes"' if check.words else f"{value} {signs[check.test]} {check.number}"
        )
    return " and ".join(parts)


def json_logic(program: Program) -> Many:
    """JsonLogic by json-logic-qubit."""
    from json_logic import jsonLogic

    rules = {"merge": [{"if": [_logic(r.node), [], [r.id]]} for r in program.rules]}
    return lambda records: [set(jsonLogic(rules, record)) for record in records]


def _logic(node: Node) -> dict:
    if not isinstance(node, Leaf):
        return {"or": [_logic(child) for child in node.children]}
    signs = {"at-most": "<=", "at-least": ">="}
    parts: list[dict] = [{"!=": [{"var": node.slot}, None]}]
    for check in node.checks:
        value = {"var": f"{node.slot}.{check.field}"}
        parts.append(
            {"==": [value, "yes"]} if check.words else {signs[check.test]: [value, check.number]}
        )
    return {"and": parts}


PEERS: dict[str, Callable[[Program], Many]] = {
    "regopy": regopy_bundle,
    "cedarpy": cedarpy_batch,
    "cel-expr-python": cel_expr_python,
    "common-expression-language": common_expression_language,
    "zen-engine": zen_engine,
    "json-logic-qubit": json_logic,
}
