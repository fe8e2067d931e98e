"""Write the front matter of a Hugging Face model card.

Source: Hugging Face Hub, model card metadata (hub-docs `modelcard.md`).
"""

from openweir.dossier.dossier import Dossier
from openweir.dossier.exchange.agreed import agreed, agreed_licence
from openweir.dossier.exchange.hub_licence import on_card
from openweir.dossier.exchange.taken import LeftOut
from openweir.dossier.exchange.written import Written
from openweir.dossier.openness.write_yaml import write_yaml

__all__ = ["hf_card"]

# Key of the card -> predicate; lists first as lists, then single words.
_LISTS = {"base_model": "base-model", "datasets": "datasets", "language": "languages"}
_WORDS = {"library_name": "library", "pipeline_tag": "task"}


def hf_card(dossier: Dossier) -> Written:
    """Return the front matter that says what the dossier says, and no more.

    A key whose facts are missing or contradict each other is left out.
    """
    matter: dict[str, object] = {}
    left_out = []
    licence = agreed_licence(dossier)
    if len(licence.texts) == 1:
        matter |= on_card(licence.text)
    else:
        left_out.append(LeftOut(what="license", why=licence.why or "several licences"))
    for key, predicate in {**_LISTS, **_WORDS, "tags": "tags"}.items():
        found = agreed(dossier, predicate)
        if found.texts:
            matter[key] = found.text if key in _WORDS else list(found.texts)
        else:
            left_out.append(LeftOut(what=key, why=found.why))
    body = write_yaml(matter) if matter else b""
    return Written(form="hf-card", data=b"---\n" + body + b"---\n", left_out=tuple(left_out))
