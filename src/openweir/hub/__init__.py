"""Hub: the channel that serves what was decided, and nothing else.

In: a signed, logged case with its files (`publish`), and requests of stock
Hugging Face clients. Out: each file only to whom the decision allows; a page,
a commit id and the proofs for everybody. Never: believes its own database over
a signature, serves a byte it has not compared with the decision, or tells from
an upload that it holds the same bytes already. Clauses: laws 7 and 8.

    accept        what must hold of a decision before anything is served; users check the same
    statement     what is signed and logged when a decision goes out
    gate          who gets which file, as a pure function
    release       what lies under a name and its commit
    blobs         bytes by digest; store, accounts, grants: the database
    scan          what came in, looked through before anybody is served it
    publication   from upload to the release in force, whole or not at all
    channel, hub  the above, composed; `openweir.hub.hub.Hub` is what shells use
    api           the Hugging Face surface and our own, as Starlette routes

Importing the room loads neither Starlette nor SQLAlchemy; `Hub` does.
"""

from openweir.hub.accept import Bundle, Check, check, check_files
from openweir.hub.statement import decision_statement, log_entry

__all__ = ["Bundle", "Check", "check", "check_files", "decision_statement", "log_entry"]
