"""Every error Openweir raises on purpose.

Tree::

    OpenweirError
    ├── UsageError          the command or its arguments are off
    ├── CaseError           the case folder cannot be read or written
    ├── CanonicalError      bytes are not the JSON they should be
    ├── ArtifactError       a model file is malformed or hostile
    ├── AttestError         a key, statement or envelope is wrong
    ├── DossierError        a fact or component is malformed
    ├── EvidenceError       an eval log, claim or plan is malformed or refused
    ├── PolicyError         a policy pack does not load
    ├── DecisionError       a decision cannot be made or read
    ├── WeightsError        tensors cannot be compared
    ├── TrialError          a tamper trial cannot be described or run
    ├── RegisterError       the log is damaged or refuses an entry
    ├── HubError            the hub refuses a publication, grant or download
    ├── WatchError          an advisory is malformed
    └── DocumentError       a document cannot be filled in

A message is one sentence in the user's words with input in backticks; `where`
says which file, line or key; `hint` is the next step. Exit codes and HTTP
statuses live only in the shells (`cli`, `web`).
"""

from typing import ClassVar

__all__ = [
    "ArtifactError",
    "AttestError",
    "CanonicalError",
    "CaseError",
    "DecisionError",
    "DocumentError",
    "DossierError",
    "EvidenceError",
    "HubError",
    "OpenweirError",
    "PolicyError",
    "RegisterError",
    "TrialError",
    "UsageError",
    "WatchError",
    "WeightsError",
]


class OpenweirError(Exception):
    """The base of every deliberate error.

    Args:
        message: one sentence, lower case, no final stop, input in backticks.
        code: the fault, dotted under the room (`artifact.header-too-long`).
        where: file, line, key or URL the fault was found at.
        hint: what to do next.
    """

    room: ClassVar[str] = "openweir"

    def __init__(self, message: str, *, code: str = "", where: str = "", hint: str = "") -> None:
        """Keep the parts apart, so that shells can lay them out."""
        super().__init__(message)
        self.message = message
        self.code = f"{self.room}.{code}" if code else self.room
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """Put the parts on one line: where, message, hint."""
        place = f"{self.where}: " if self.where else ""
        advice = f" (hint: {self.hint})" if self.hint else ""
        return " ".join(f"{place}{self.message}{advice}".split())


class UsageError(OpenweirError):
    """The command or its arguments cannot be carried out as given."""

    room = "usage"


class CaseError(OpenweirError):
    """The case folder lacks something or cannot be read or written."""

    room = "case"


class CanonicalError(OpenweirError):
    """Bytes are not the JSON that was expected, or a value has no canonical form."""

    room = "canonical"


class ArtifactError(OpenweirError):
    """A model file is malformed, hostile or outside its folder."""

    room = "artifact"


class AttestError(OpenweirError):
    """A key, signature, statement or envelope is wrong."""

    room = "attest"


class DossierError(OpenweirError):
    """A fact or component is malformed."""

    room = "dossier"


class EvidenceError(OpenweirError):
    """An eval log, claim or plan is malformed, or is refused for a reason."""

    room = "evidence"


class PolicyError(OpenweirError):
    """A policy pack does not load."""

    room = "policy"


class DecisionError(OpenweirError):
    """A decision cannot be made or read."""

    room = "decision"


class WeightsError(OpenweirError):
    """Tensors cannot be compared."""

    room = "weights"


class TrialError(OpenweirError):
    """A tamper trial cannot be described or run."""

    room = "trial"


class RegisterError(OpenweirError):
    """The log is damaged, forked, or refuses an entry."""

    room = "register"


class HubError(OpenweirError):
    """The hub refuses a publication, a grant or a download."""

    room = "hub"


class WatchError(OpenweirError):
    """An advisory is malformed."""

    room = "watch"


class DocumentError(OpenweirError):
    """A document cannot be filled in."""

    room = "documents"
