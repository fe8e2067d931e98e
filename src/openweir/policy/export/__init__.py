"""Exports: a policy's program in the languages of other engines.

In: a `Program`. Out: `Export`, the files to hand over; each engine reads the records of
`openweir.decision.record` and must name the same failing rules. Never: writes a rule
that something missing, of another type or malformed could satisfy.

Source: reference policy.md, section 2.3: the traps each export is guarded against.
"""

from openweir.policy.export.cedar import to_cedar
from openweir.policy.export.cel import to_cel
from openweir.policy.export.guard import refuse_unguarded
from openweir.policy.export.rego import to_rego
from openweir.policy.export.text import Export
from openweir.policy.export.write import LANGUAGES, export

__all__ = ["LANGUAGES", "Export", "export", "refuse_unguarded", "to_cedar", "to_cel", "to_rego"]
