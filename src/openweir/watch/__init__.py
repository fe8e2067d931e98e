"""Watch: what came after the release and asks for a new look at it.

In: a `Decision`, the evidence it rests on, advisories, the day. Out: `Trigger`s
(what is due and what to do next) and `Hit`s (advisories that touch this release
or its parents), with the levers that are left at its tier. Never: reads a clock
or a folder, decides anew, or promises that copies come back.

Clauses: R3 (no way back past open weights), R19 (flaws travel along lineage),
R25 (every decision has a day on which it is looked at again).
"""

from openweir.watch.advisory import Advisory, Affected
from openweir.watch.due import Trigger, due
from openweir.watch.levers import levers
from openweir.watch.match import Hit, Subject, match

__all__ = ["Advisory", "Affected", "Hit", "Subject", "Trigger", "due", "levers", "match"]
