"""Ask Z3. Nothing else of Openweir imports it; the extra `prove` brings it."""

import time
from collections.abc import Callable, Mapping

import z3

from openweir.policy.prove.query import Answer, Query

__all__ = ["evaluator", "solve", "version"]

_SEED = 0


def solve(query: Query, *, seconds: int = 60) -> Answer:
    """Answer a query.

    Args:
        query: the script.
        seconds: to give up after, with the answer `unknown`.
    """
    begun = time.perf_counter()
    solver = z3.SimpleSolver(ctx=z3.Context())
    solver.set("random_seed", _SEED)
    solver.set("timeout", seconds * 1000)
    solver.from_string(query.text)
    status = str(solver.check())
    values: dict[str, int | bool] = {}
    if status == "sat":
        model = solver.model()
        for item in model.decls():
            found = model[item]
            if z3.is_int_value(found):
                values[item.name()] = found.as_long()
            elif z3.is_true(found) or z3.is_false(found):
                values[item.name()] = z3.is_true(found)
    spent = round((time.perf_counter() - begun) * 1000)
    return Answer(query=query, status=status, milliseconds=spent, values=values)


def evaluator(
    text: str, names: tuple[str, ...]
) -> Callable[[Mapping[str, int | bool]], list[bool]]:
    """Return a function from the values of all variables to the values of some terms.

    Args:
        text: a script whose assertions are `(= NAME term)` for each of `names`, in order.
        names: Boolean variables that stand for the terms.
    """
    context = z3.Context()
    parsed = z3.parse_smt2_string(text, ctx=context)
    if len(parsed) != len(names):
        raise ValueError(f"{len(parsed)} terms for {len(names)} names")
    terms = [item.arg(1) for item in parsed]
    # Made once: a name or a number costs more to make than to look up.
    declared: dict[str, z3.FuncDeclRef] = {}
    made: dict[str, z3.ExprRef] = {}

    def declaration(name: str, value: int | bool) -> z3.FuncDeclRef:
        if name not in declared:
            make = z3.Bool if isinstance(value, bool) else z3.Int
            declared[name] = make(name, context).decl()
        return declared[name]

    def literal(value: int | bool) -> z3.ExprRef:
        key = str(value)
        if key not in made:
            make = z3.BoolVal if isinstance(value, bool) else z3.IntVal
            made[key] = make(value, context)
        return made[key]

    def evaluate(values: Mapping[str, int | bool]) -> list[bool]:
        model = z3.Model(ctx=context)
        for name, value in values.items():
            model.update_value(declaration(name, value), literal(value))
        return [z3.is_true(model.eval(term, model_completion=True)) for term in terms]

    return evaluate


def version() -> str:
    """Return the prover's name and version."""
    return f"z3 {z3.get_version_string()}"
