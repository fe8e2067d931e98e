"""Hub: the release channel, which serves only what was decided.

In: a signed case as a `Bundle`. Out: files, to whom the decision allows. Never:
serves a byte outside its decision, or trusts what it stored without checking.

What a bundle must show is in `openweir.hub.accept`, which needs no web stack:
downstream users check the same things in the same way. Importing this package
loads neither Starlette nor SQLAlchemy.
"""

from openweir.hub.accept import Bundle, Check, check, check_files
from openweir.hub.statement import decision_statement, log_entry

__all__ = ["Bundle", "Check", "check", "check_files", "decision_statement", "log_entry"]
