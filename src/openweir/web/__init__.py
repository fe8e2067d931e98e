"""Web: a release as a page that anyone can read, and the hub's own routes beside it.

In: what the hub serves: decisions, checks, counts. Out: HTML that needs no script,
no font and no image from elsewhere, in a few milliseconds.
Never: shows a sealed release, says whether a hidden one exists, runs or renders what
a model card says, or writes "compliant".

Implements law 6 (three fields: computed tier, effective tier, release state), law 4
(what each higher tier lacks stands on the page) and law 5 (no page offers to take
copies back).
"""

from openweir.web.app import application, create_app
from openweir.web.pages import (
    Provenance,
    Row,
    Signer,
    device_page,
    gate_page,
    missing_page,
    register_page,
    release_page,
    request_page,
)

__all__ = [
    "Provenance",
    "Row",
    "Signer",
    "application",
    "create_app",
    "device_page",
    "gate_page",
    "missing_page",
    "register_page",
    "release_page",
    "request_page",
]
