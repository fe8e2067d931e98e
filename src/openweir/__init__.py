"""Openweir decides how openly an AI model may be released, proves why, and enforces it.

The flow, one room each::

    artifact -> dossier -> evidence -> policy -> decision -> attest -> register -> hub -> watch

`openweir.desk` holds one module per thing a user can ask for; `openweir.cli` and
`openweir.web` turn words into those and results into text, JSON and pages.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
