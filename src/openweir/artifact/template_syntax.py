"""Judge a chat template by its syntax tree alone; it is never compiled and never rendered.

Known are the names, filters, tests and methods that real templates need. What reaches
for the inside of Python is refused; what is merely not known is flagged. A template that
passes can still say anything it likes to the model: this is about the loader's machine.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from jinja2 import Environment, TemplateError, nodes
from jinja2.ext import Extension, LoopControlExtension
from jinja2.parser import Parser

from openweir.artifact import scan
from openweir.artifact.manifest import Snapshot, Verdict
from openweir.artifact.show import show
from openweir.artifact.template import templates_of

__all__ = ["judge_templates", "mark_template"]

_MAX_CHARACTERS = 256 * 1024
_MAX_NODES = 50_000
_CALLS = frozenset({"raise_exception", "strftime_now", "range", "namespace", "dict", "joiner",
                    "cycler", "caller"})  # fmt: skip
_METHODS = frozenset({
    "append", "capitalize", "count", "endswith", "find", "get", "index", "isdigit", "items", "join",
    "keys", "lower", "lstrip", "removeprefix", "removesuffix", "replace", "rstrip", "split",
    "splitlines", "startswith", "strip", "title", "upper", "values", "rsplit",
})  # fmt: skip
_FILTERS = frozenset({
    "abs", "batch", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first",
    "float", "from_json", "indent", "int", "items", "join", "last", "length", "list", "lower",
    "map",
    "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select",
    "selectattr", "slice", "sort", "string", "sum", "title", "tojson", "trim", "unique", "upper",
    "wordcount", "groupby", "fromjson",
})  # fmt: skip
# Names by which one gets from any value to the interpreter, however they are passed on.
_PYTHON = re.compile(
    r"__(class|base|bases|mro|subclasses|globals|builtins|init|import|getattribute|getattr|dict|code"
    r"|closure|func|self|module|reduce|reduce_ex|getitem|call|name|new)(__)?"
)
_REACHING_FILTERS = frozenset({"attr", "format", "xmlattr", "pprint", "format_map"})


class _Generation(Extension):
    """The `{% generation %}` block that marks what the model says; its body is plain template."""

    tags = frozenset({"generation"})  # type: ignore[assignment]

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Return the block's body."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a template defines itself: macros, and variables that it sets to a text."""

    macros: frozenset[str]
    texts: frozenset[str]


# Used for `parse` only: no loader, no cache, no compilation.
_SYNTAX = Environment(extensions=[LoopControlExtension, _Generation], cache_size=0)  # noqa: S701 - nothing is rendered


def judge_templates(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with what its chat templates add to the verdicts of their files."""
    marks: dict[str, list[scan.Mark]] = {}
    for template in templates_of(snapshot):
        marks.setdefault(template.path, []).extend(mark_template(template.text))
    verdicts = tuple(
        _join(verdict, tuple(marks.get(verdict.path, ()))) for verdict in snapshot.verdicts
    )
    return replace(snapshot, verdicts=verdicts)


def mark_template(text: str) -> Iterator[scan.Mark]:
    """Yield what is wrong with one template: `template-syntax`, `-unknown` or `-escape`."""
    if len(text) > _MAX_CHARACTERS:
        yield scan.flag("template-syntax", f"a chat template of {len(text)} characters, not read")
        return
    try:
        tree = _SYNTAX.parse(text)
        marks = tuple(_marks(tree))
    except (TemplateError, ValueError, ArithmeticError, RecursionError):
        # The parser's own words differ between versions and may quote a stranger.
        yield scan.flag("template-syntax", "a chat template that cannot be parsed")
        return
    yield from dict.fromkeys(marks)


def _marks(tree: nodes.Template) -> Iterator[scan.Mark]:
    pending: list[nodes.Node] = [tree]
    known = _Known(
        macros=frozenset(node.name for node in tree.find_all(nodes.Macro)),
        texts=frozenset(
            node.target.name
            for node in tree.find_all(nodes.Assign)
            if isinstance(node.target, nodes.Name) and _is_text(node.node)
        ),
    )
    count = 0
    while pending:
        node = pending.pop()
        count += 1
        if count > _MAX_NODES:
            yield scan.flag("template-syntax", f"a chat template of over {_MAX_NODES} parts")
            return
        yield from _mark(node, known)
        pending.extend(node.iter_child_nodes())


def _mark(node: nodes.Node, known: _Known) -> Iterator[scan.Mark]:
    match node:
        case nodes.Include() | nodes.Import() | nodes.FromImport() | nodes.Extends():
            yield _escape("loads another template")
        case nodes.Getattr(attr=str(name)) if name.startswith("_"):
            yield _escape(f"reaches for `{show(name, 40)}`")
        case nodes.Name(name=str(name)) if name.startswith("__"):
            yield _escape(f"reaches for `{show(name, 40)}`")
        case nodes.Getitem(arg=arg) if _computed_text(arg):
            yield _escape("looks a name up that it puts together")
        case nodes.Getitem(arg=nodes.Name(name=name)) if name in known.texts:
            yield scan.flag("template-unknown", f"looks up `{show(name, 40)}`, a text")
        case nodes.Const(value=str(text)) if _PYTHON.search(text):
            # However it is passed on: `map(attribute=...)`, a variable, a call.
            yield _escape(f"holds the text `{show(text, 40)}`")
        case nodes.Filter(name=name) if name in _REACHING_FILTERS:
            yield _escape(f"uses the filter `{name}`")
        case nodes.Filter(name=name) if name not in _FILTERS:
            yield scan.flag("template-unknown", f"filter `{show(name, 40)}` is not known")
        case nodes.Call(node=called):
            yield from _mark_call(called, known.macros)
        case _:
            return


def _mark_call(called: nodes.Node, macros: frozenset[str]) -> Iterator[scan.Mark]:
    if isinstance(called, nodes.Name):
        if called.name not in _CALLS and called.name not in macros:
            yield scan.flag("template-unknown", f"call of `{show(called.name, 40)}` is not known")
    elif isinstance(called, nodes.Getattr):
        if called.attr in _REACHING_FILTERS:
            yield _escape(f"calls `{called.attr}`")
        elif called.attr not in _METHODS:
            yield scan.flag("template-unknown", f"method `{show(called.attr, 40)}` is not known")
    else:
        yield _escape("calls something that it looks up")


def _computed_text(node: nodes.Node) -> bool:
    """Whether a subscript is text put together, such as `'__cl' ~ 'ass__'`."""
    if isinstance(node, nodes.Const):
        return isinstance(node.value, str) and node.value.startswith("_")
    if isinstance(node, (nodes.Concat, nodes.Filter, nodes.Call)):
        return not (isinstance(node, nodes.Filter) and node.name in ("int", "length", "count"))
    if isinstance(node, (nodes.BinExpr, nodes.UnaryExpr)):
        return any(
            (isinstance(child, nodes.Const) and isinstance(child.value, str))
            or _computed_text(child)
            for child in node.iter_child_nodes()
        )
    return False


def _is_text(node: nodes.Node) -> bool:
    """Whether a variable is set to a text, or to something made of one."""
    if isinstance(node, nodes.Const):
        return isinstance(node.value, str)
    return isinstance(node, nodes.Concat) or any(
        _is_text(child)
        for child in node.iter_child_nodes()
        if isinstance(node, (nodes.BinExpr, nodes.Filter, nodes.CondExpr))
    )


def _escape(detail: str) -> scan.Mark:
    return scan.refuse("template-escape", f"a chat template {detail}")


def _join(verdict: Verdict, more: tuple[scan.Mark, ...]) -> Verdict:
    if not more:
        return verdict
    worst = scan.verdict(verdict.path, more)
    kinds = (worst.verdict, verdict.verdict)
    # `refused` is worse than `flagged` is worse than `clean`.
    kind = max(kinds, key=["clean", "flagged", "refused"].index)
    return Verdict(
        path=verdict.path,
        verdict=kind,
        rules=tuple(sorted({*verdict.rules, *worst.rules})),
        detail="; ".join(part for part in (verdict.detail, worst.detail) if part),
    )
