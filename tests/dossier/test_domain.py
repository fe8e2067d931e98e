"""Specialised domains: named by labels, not guessed from prose."""

import pytest

from openweir.dossier.domain import domains_of


@pytest.mark.parametrize(
    ("labels", "domains"),
    [
        (["EsmForMaskedLM"], ("biology",)),
        (["protein-language-model"], ("biology",)),
        (["InstaDeepAI/nucleotide-transformer"], ("biology",)),
        (["DNABERT"], ("biology",)),
        (["biology", "chemistry"], ("biology", "chemistry")),
        (["ChemBERTa", "seyonec/PubChem10M_SMILES"], ("chemistry",)),
        (["cybersecurity"], ("cyber",)),
        (["ctf"], ("cyber",)),
        (["malware-detection"], ("cyber",)),
        (["biochemistry"], ("biology", "chemistry")),
    ],
)
def test_labels_of_a_domain_are_recognised(labels, domains):
    """Tags, data sets and class names of a domain name it."""
    assert domains_of(labels) == domains


@pytest.mark.parametrize(
    "label",
    [
        "text-generation", "general", "generation", "LlamaForCausalLM", "toxicity", "protocol",
        "en", "biography", "license:mit", "HuggingFaceFW/fineweb", "chemin", "genesis", "",
    ],
)  # fmt: skip
def test_ordinary_labels_name_no_domain(label):
    """Words that merely look alike do not count."""
    assert domains_of([label]) == ()
