"""Exchange: a dossier in the forms other people describe releases in, and back.

In: a `Dossier` and the form to write; or the bytes of a form and its file name.
Out: `Written` bytes, or `Taken` facts and components, each with its source and how
surely it is known; both say what was left out and why. Never: fills a field that
the dossier does not state, judges what a form asks people to judge, or picks one of
two contradicting answers.

Written: MOT YAML, OSAI YAML, the front matter of a Hugging Face card. Taken: the
same three, and one row of Epoch AI's table of models.
"""

from openweir.dossier.exchange.agreed import Agreed, agreed
from openweir.dossier.exchange.take import TAKEN_FORMS, take
from openweir.dossier.exchange.taken import LeftOut, Taken
from openweir.dossier.exchange.to_card import hf_card
from openweir.dossier.exchange.to_osai import osai_yaml
from openweir.dossier.exchange.written import Written

__all__ = [
    "TAKEN_FORMS",
    "Agreed",
    "LeftOut",
    "Taken",
    "Written",
    "agreed",
    "hf_card",
    "osai_yaml",
    "take",
]
