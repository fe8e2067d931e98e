"""Openness: the rule sets people class releases by, side by side, never one number.

In: a release in MOT's form, a system of the European Open Source AI Index, a
sheet of transparency scores, or a `Dossier`; and what people answered. Out: a
`View` for each rule set: a class, a score, a checklist, an answer with its
paragraphs. Never: adds views up, fills in what is not said, or lets open weights
be called open source.

Rule sets are versioned data under `data/`, each with its source and digest:
`mof-1.0/mot` (the Model Openness Tool, bug for bug), `mof-1.0/strict`,
`osai-12`, `osai-14`, `osaid-1.0`, `eu-open-source-exemption`, `fmti-2025`.

>>> from openweir.dossier.openness import class_release, mof_rules, release_from_mot
>>> release = release_from_mot({"name": "a", "components": [
...     {"name": "Model parameters (Final)", "license": "Apache-2.0"}]})
>>> class_release(release, mof_rules("mof-1.0/mot")).label
'unclassified'
"""

from openweir.dossier.openness.answers import Answers, answers_from_toml
from openweir.dossier.openness.exemption import exemption
from openweir.dossier.openness.from_mot import release_from_mot, release_from_mot_json
from openweir.dossier.openness.label import label
from openweir.dossier.openness.mof import CLASS_NAMES, MofResult, class_release
from openweir.dossier.openness.mof_rules import mof_rules
from openweir.dossier.openness.osaid import osaid
from openweir.dossier.openness.rule_set import RULE_SETS, rule_data, rule_set
from openweir.dossier.openness.subject import Subject, subject_from_dossier, subjects_from_file
from openweir.dossier.openness.to_mot import mot_yaml
from openweir.dossier.openness.view import View, summary, views

__all__ = [
    "CLASS_NAMES",
    "RULE_SETS",
    "Answers",
    "MofResult",
    "Subject",
    "View",
    "answers_from_toml",
    "class_release",
    "exemption",
    "label",
    "mof_rules",
    "mot_yaml",
    "osaid",
    "release_from_mot",
    "release_from_mot_json",
    "rule_data",
    "rule_set",
    "subject_from_dossier",
    "subjects_from_file",
    "summary",
    "views",
]
