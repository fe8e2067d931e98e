"""What a licence permits, as far as the openness rule sets ask.

A record says how its text was read; a licence without a record has no terms here,
and whatever depends on them stays unknown. Names are matched whole: `Modified
MIT` is not MIT.
"""

from dataclasses import dataclass
from functools import cache

from openweir.canonical import Object
from openweir.dossier.openness.licence_name import licence_names
from openweir.dossier.openness.mof_rules import STRICT, mof_rules
from openweir.dossier.openness.rule_set import rule_data

__all__ = ["Terms", "every_terms", "terms_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one licence, or one family of the same terms, permits.

    Attributes:
        identity: of the record.
        title: in words.
        commercial, modify, redistribute: whether these are permitted.
        scale_cap: users or revenue above which rights end; "" for none.
        scale_duty: users or revenue above which a duty begins; "" for none.
        use_limits: fields of use that are forbidden.
        acceptable_use: a policy on use: `none`, `fixed` in the text, or `by-url`, so it can change.
        passes_on: whether limits on use must be imposed downstream.
        limits_outputs: whether outputs may not be used to make or improve other models.
        attribution: what must be shown; "" for nothing said.
        excludes: persons or territories left out; "" for none.
        ends: how rights can end other than by a breach or a law suit; "" for not so.
        for_data: a licence for data, not for models.
        approved: by the Open Source Initiative, as SPDX notes it.
        basis: how the terms are known.
    """

    identity: str
    title: str
    commercial: bool = True
    modify: bool = True
    redistribute: bool = True
    scale_cap: str = ""
    scale_duty: str = ""
    use_limits: tuple[str, ...] = ()
    acceptable_use: str = "none"
    passes_on: bool = False
    limits_outputs: bool = False
    attribution: str = ""
    excludes: str = ""
    ends: str = ""
    for_data: bool = False
    approved: bool = False
    basis: str = "text read"

    def refusals(self) -> tuple[str, ...]:
        """Return what defeats any definition of open source at once, in plain words."""
        found = []
        if not self.commercial:
            found.append("no commercial use")
        if not self.modify:
            found.append("no modification")
        if not self.redistribute:
            found.append("no redistribution")
        if self.scale_cap:
            found.append(f"rights end at {self.scale_cap}")
        if self.limits_outputs:
            found.append("outputs may not be used to make or improve other models")
        if self.excludes:
            found.append(self.excludes)
        return tuple(found)

    def limits(self) -> tuple[str, ...]:
        """Return limits on what the model may be used for, in plain words."""
        found = list(self.use_limits)
        if self.acceptable_use != "none":
            where = "fixed in the text" if self.acceptable_use == "fixed" else "at an address"
            found.append(f"an acceptable-use policy {where}")
        if self.passes_on:
            found.append("limits on use must be passed on")
        return tuple(found)

    def duties(self) -> tuple[str, ...]:
        """Return duties that begin at a size, and ways the rights can end, in plain words."""
        return tuple(said for said in (self.scale_duty, self.ends) if said)


def terms_of(licence: str) -> Terms | None:
    """Return the terms of a licence as declared, or None where there is no record.

    Args:
        licence: an SPDX id, a Hub id, or words; "" for none.
    """
    wanted = licence_names().normal(licence.strip())
    for terms, names, prefixes in _records():
        if wanted.lower() in names:
            return terms
        if wanted in licence_names().known and any(map(wanted.startswith, prefixes)):
            return terms
    if wanted not in mof_rules(STRICT).open_ids:
        return None
    approved = wanted in _approved()
    return Terms(
        identity=wanted,
        title=wanted,
        approved=approved,
        basis="approved by the Open Source Initiative"
        if approved
        else "free by the Free Software Foundation's list or the framework's open-data list",
    )


def every_terms() -> tuple[Terms, ...]:
    """Return every record that is kept by hand."""
    return tuple(terms for terms, _, _ in _records())


@cache
def _approved() -> frozenset[str]:
    return frozenset(rule_data("mof-mot.toml").read.object("licences").texts("osi"))


@cache
def _records() -> tuple[tuple[Terms, frozenset[str], tuple[str, ...]], ...]:
    """Return (terms, names in lower case, SPDX prefixes); longer prefixes come first."""
    rows = [
        (
            _terms(row),
            frozenset(name.lower() for name in (*row.texts("names"), row.text("id"))),
            row.texts("spdx_prefixes"),
        )
        for row in rule_data("licence-terms.toml").read.objects("licence")
    ]
    return tuple(sorted(rows, key=lambda row: -max(map(len, row[2]), default=0)))


def _terms(row: Object) -> Terms:
    return Terms(
        identity=row.text("id"),
        title=row.text("title"),
        commercial=row.flag("commercial", default=True),
        modify=row.flag("modify", default=True),
        redistribute=row.flag("redistribute", default=True),
        scale_cap=row.text("scale_cap", ""),
        scale_duty=row.text("scale_duty", ""),
        use_limits=row.texts("use_limits"),
        acceptable_use=row.text("acceptable_use", "none"),
        passes_on=row.flag("passes_on", default=False),
        limits_outputs=row.flag("limits_outputs", default=False),
        attribution=row.text("attribution", ""),
        excludes=row.text("excludes", ""),
        ends=row.text("ends", ""),
        for_data=row.flag("for_data", default=False),
        basis="text read" if row.flag("terms_read", default=True) else "summary of the text read",
    )
