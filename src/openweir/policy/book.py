"""The pack as a page to read: rules beside the sentences they rest on.

One HTML file without scripts, fonts or links to elsewhere. Everything that comes from the
pack is escaped: a pack is written by strangers.
"""

from collections.abc import Iterator, Mapping
from html import escape

from openweir.canonical import decimal_text
from openweir.policy.argument import argument_svg
from openweir.policy.formula import All, Any, AtLeast, Formula, say
from openweir.policy.ladder import read_ladder
from openweir.policy.pack import folded, parse_toml
from openweir.policy.policy import Policy, Quote, Requirement
from openweir.tier import Tier

__all__ = ["book"]

_STYLE = """
:root{--ink:#1c2430;--soft:#5b6675;--line:#d5dbe3;--paper:#fff;--wash:#f4f6f9;--mark:#fff3c4;
--deep:#1f4f82;--stop:#a33327}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--line:#3a4552;
--paper:#14191f;--wash:#1d242c;--mark:#4d4316;--deep:#8fc1f3;--stop:#f0968b}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:74rem;padding:2rem 1.25rem 4rem;background:var(--paper);
color:var(--ink);font:1rem/1.55 system-ui,sans-serif}
h1{font-size:2rem;line-height:1.2;margin:0 0 .25rem}
h2{margin:3rem 0 1rem;border-top:2px solid var(--line);padding-top:1rem}
h3{margin:0 0 .25rem;font-size:1rem}
a{color:var(--deep)}
code,.id{font-family:ui-monospace,monospace;font-size:.92em}
.soft{color:var(--soft)}.digest{overflow-wrap:anywhere}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:6px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.4rem .65rem;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}
thead th{background:var(--wash)}tbody tr:last-child>*{border-bottom:0}
td.none{color:var(--soft)}
.rule{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:1rem 2rem;
padding:1rem 0;border-bottom:1px solid var(--line)}
.rule ul{margin:.25rem 0;padding-left:1.2rem}
.rule p{margin:.1rem 0 .4rem}
blockquote{margin:0;padding:.5rem .9rem;border-left:3px solid var(--deep);background:var(--wash)}
blockquote footer{color:var(--soft);font-size:.88rem;margin-top:.3rem}
.stop{color:var(--stop);font-weight:600}
mark{background:var(--mark);color:inherit}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--wash);padding:1rem;
border-radius:6px;font:0.95rem/1.55 system-ui,sans-serif}
@media (max-width:46rem){.rule{grid-template-columns:1fr}}
@media print{.scroll{overflow:visible}.rule{break-inside:avoid}}
svg.gsn{display:block;max-width:100%;height:auto;min-width:58rem;font:11px system-ui,sans-serif}
.gsn text{text-anchor:middle;fill:var(--ink)}.gsn .name{font-weight:700;fill:var(--deep)}
.gsn rect,.gsn circle,.gsn .strategy{fill:var(--paper);stroke:var(--ink);stroke-width:1.2}
.gsn .top,.gsn .strategy{fill:var(--wash)}.gsn .stop{stroke:var(--stop);stroke-width:2.4}
.gsn .edge{fill:none;stroke:var(--soft)}.gsn .head{fill:var(--soft)}
.gsn .hollow{fill:var(--paper);stroke:var(--soft)}
"""


def book(policy: Policy, files: Mapping[str, bytes]) -> str:
    """Return a pack as one HTML page.

    Args:
        policy: the pack, read.
        files: the pack's files, for the ladder and the sources.
    """
    return "\n".join(_page(policy, files)) + "\n"


def _page(policy: Policy, files: Mapping[str, bytes]) -> Iterator[str]:
    title = escape(f"{policy.id} {policy.version}")
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield (
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )
    yield f"<title>{title}</title><style>{_STYLE}</style></head><body>"
    yield from _front(policy, title)
    yield from _ladder(files)
    yield '<h2 id="argument">The argument</h2>'
    yield (
        "<p>Each tier adds goals to those of the tiers before it. Circles say what would"
        " support a goal: <b>E</b> evidence, <b>F</b> facts, <b>C</b> components,"
        " <b>A</b> an authority. A thick border is a hard stop.</p>"
    )
    yield f'<div class="scroll">{argument_svg(policy)}</div>'
    yield from _rules(policy)
    yield from _around(policy)
    yield from _sources(policy, files)
    yield "</body></html>"


def _front(policy: Policy, title: str) -> Iterator[str]:
    until = policy.effective_to.isoformat() if policy.effective_to else "further notice"
    where = escape(policy.jurisdiction) or "everywhere"
    yield f"<h1>{title}</h1>"
    yield (
        f"<p>by {escape(policy.issuer)}, in force {where} from"
        f" {policy.effective_from.isoformat()} until {until}.</p>"
    )
    yield (
        "<p>A tier is reached when everything it asks, and everything the tiers before it ask,"
        " is demonstrated. What is not shown does not count. A rule can only ask for more to"
        " be shown, so less evidence never opens more.</p>"
    )
    certainties = ", ".join(policy.accepted)
    yield (
        f'<p class="soft">Facts count when they are {escape(certainties)}. Every decision is'
        f" looked at again after {policy.review_days} days.<br>"
        f'<span class="digest">pack sha256 <code>{policy.sha256}</code></span>'
    )
    if policy.supersedes:
        yield f'<br><span class="digest">supersedes <code>{policy.supersedes}</code></span>'
    yield "</p><nav><p>"
    places = [("ladder", "Ladder"), ("argument", "Argument")]
    places += [(tier.word, tier.word) for tier in _tiers(policy)]
    places += [("around", "Around the rules"), ("sources", "Sources")]
    yield " · ".join(f'<a href="#{anchor}">{name}</a>' for anchor, name in places)
    yield "</p></nav>"


def _tiers(policy: Policy) -> list[Tier]:
    return [tier for tier in Tier if any(item.tier is tier for item in policy.requirements)]


def _ladder(files: Mapping[str, bytes]) -> Iterator[str]:
    ladder = read_ladder(files["ladders.csv"].decode("utf-8"), file="ladders.csv")
    tiers = list(Tier)[1:]
    yield '<h2 id="ladder">The ladder</h2><div class="scroll"><table><thead><tr><th>row</th>'
    yield "<th>unit</th>" + "".join(f"<th>{tier.word}</th>" for tier in tiers) + "</tr></thead>"
    yield "<tbody>"
    for row in ladder.rows:
        cells = "".join(
            f"<td>{escape(row.at(tier))}</td>" if row.at(tier) else '<td class="none">–</td>'
            for tier in tiers
        )
        yield f'<tr><th class="id">{escape(row.id)}</th><td>{escape(row.unit)}</td>{cells}</tr>'
    yield "</tbody></table></div>"
    yield '<p class="soft">An empty cell means that the tier does not ask.</p>'


def _rules(policy: Policy) -> Iterator[str]:
    for tier in _tiers(policy):
        yield f'<h2 id="{tier.word}">{tier.word}</h2>'
        rule = policy.tier_rule(tier)
        said = "Access can be withdrawn again." if rule.reversible else "Not to be taken back."
        if rule.margin:
            margin = decimal_text(rule.margin)
            said += f" Limits on claims are stricter by {margin} than the ladder says."
        yield f"<p>{said}</p>"
        for item in policy.requirements:
            if item.tier is tier:
                yield from _rule(item)


def _rule(item: Requirement) -> Iterator[str]:
    stop = ' <span class="stop">hard stop</span>' if item.hard_stop else ""
    yield f'<div class="rule" id="{escape(item.id)}"><div>'
    yield f'<h3><span class="id">{escape(item.id)}</span>{stop}</h3>'
    yield f"<p>{escape(item.text)}</p><ul>{''.join(_formula(item.formula))}</ul>"
    yield f"</div>{_quote(item.source)}</div>"


def _formula(formula: Formula) -> Iterator[str]:
    if not isinstance(formula, (All, Any, AtLeast)):
        yield f"<li>{escape(say(formula))}</li>"
        return
    if isinstance(formula, AtLeast):
        words = f"at least {formula.k} of"
    else:
        words = "all of" if isinstance(formula, All) else "any of"
    name = f"<b>{escape(formula.name)}</b>, {escape(formula.text)}: " if formula.name else ""
    if len(formula.children) == 1 and not name:
        yield from _formula(formula.children[0])
        return
    inner = "".join(part for child in formula.children for part in _formula(child))
    yield f"<li>{name}{words}<ul>{inner}</ul></li>"


def _quote(source: Quote) -> str:
    return (
        f"<blockquote>“{escape(folded(source.quote))}”<footer>"
        f'<a href="#source-{escape(source.document)}">{escape(source.document)}</a>,'
        f" {escape(source.locator)}</footer></blockquote>"
    )


def _around(policy: Policy) -> Iterator[str]:
    yield '<h2 id="around">Around the rules</h2>'
    yield "<h3>Who signs</h3><ul>"
    for approval in policy.approvals:
        roles = escape(" and ".join(approval.roles))
        light = approval.light
        less = f"; {light.signatures} on a light track" if light else ""
        yield f"<li>from {approval.tier.word} on: {approval.signatures} of {roles}{less}</li>"
    yield "</ul>"
    if policy.overrides:
        yield "<h3>Who may override, by one tier</h3><ul>"
        for item in policy.overrides:
            roles = escape(", ".join(item.roles))
            yield f"<li>up to {item.tier.word}: {item.signatures} of {roles}, {item.days} days</li>"
        yield "</ul>"
    yield from _duties(policy)
    if policy.loosenings:
        yield "<h3>What asks less than the version before</h3><ul>"
        for looser in policy.loosenings:
            yield f'<li><span class="id">{escape(looser.id)}</span> {escape(looser.text)}</li>'
        yield "</ul>"
    if policy.alternatives:
        yield "<h3>What else can be done while a tier is not reached</h3><ul>"
        for other in policy.alternatives:
            yield f"<li><b>{other.tier.word}</b>: {escape(other.text)}</li>"
        yield "</ul>"


def _duties(policy: Policy) -> Iterator[str]:
    if policy.invariants:
        yield "<h3>What must never be</h3>"
        for never in policy.invariants:
            yield f'<p><span class="id">{escape(never.id)}</span> {escape(never.text)}</p>'
            yield f"<p>Never {never.tier.word} or above unless</p>"
            yield f"<ul>{''.join(_formula(never.formula))}</ul>"
    if policy.obligations:
        yield "<h3>What is owed after release</h3>"
        for duty in policy.obligations:
            cap = f"at most {duty.breach_cap.word}" if duty.breach_cap else "looked at again"
            yield f'<div class="rule"><div><p><span class="id">{escape(duty.id)}</span>'
            yield (
                f" from {duty.tier.word} on, the {escape(duty.bearer)} must {escape(duty.act)}"
                f" within {duty.deadline_days} days of the {escape(duty.trigger)}.</p>"
            )
            yield f"<p>Done when: {escape(duty.discharge)}. While it is not: {cap}.</p></div>"
            yield f"{_quote(duty.source)}</div>"


def _sources(policy: Policy, files: Mapping[str, bytes]) -> Iterator[str]:
    yield '<h2 id="sources">Sources</h2>'
    quotes: dict[str, set[str]] = {}
    cited = [item.source for item in policy.requirements]
    cited += [item.source for item in policy.obligations]
    for source in cited:
        quotes.setdefault(source.document, set()).add(folded(source.quote))
    for table in parse_toml(files, "policy.toml", policy.id).sections("document"):
        name, path = table.text("id"), table.text("path")
        yield f'<h3 id="source-{escape(name)}">{escape(name)}</h3>'
        sha256 = escape(table.text("sha256"))
        yield f'<p class="soft digest">{escape(path)}, sha256 <code>{sha256}</code></p>'
        yield f"<pre>{_marked(files[path].decode('utf-8'), quotes.get(name, set()))}</pre>"


def _marked(text: str, quotes: set[str]) -> str:
    """Return escaped text with each quote marked where it stands in one line or paragraph."""
    spans: list[tuple[int, int]] = []
    for quote in quotes:
        words = quote.split()
        start = 0
        while (start := text.find(words[0], start)) >= 0:
            end = _match(text, start, words)
            if end:
                spans.append((start, end))
            start += 1
    parts, at = [], 0
    for start, end in sorted(spans):
        if start >= at:
            parts += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
            at = end
    return "".join([*parts, escape(text[at:])])


def _match(text: str, start: int, words: list[str]) -> int:
    """Return where the words end if they stand at `start`, white space apart, else 0."""
    at = start
    for index, word in enumerate(words):
        if index:
            while at < len(text) and text[at].isspace():
                at += 1
        if not text.startswith(word, at):
            return 0
        at += len(word)
    return at
