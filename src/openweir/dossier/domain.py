"""Specialised domains: does a release say of itself that it was made for one?

Words are looked for where a maker labels a model: tags, data sets, task, parent
models, class names and the release's own name; not in prose, where a benchmark's name
would already count. A hit errs on the side of asking for more evidence.
"""

import re
from collections.abc import Iterable
from types import MappingProxyType

__all__ = ["DOMAINS", "domains_of"]

# Per domain: whole words, and beginnings of words.
# fmt: off
DOMAINS: MappingProxyType[str, tuple[frozenset[str], tuple[str, ...]]] = MappingProxyType({
    "biology": (
        frozenset({
            "bio", "rna", "mrna", "trna", "crispr", "antibody", "antibodies", "peptide",
            "peptides", "pathogen", "pathogens", "virus", "viruses", "viral", "esm", "esm2",
            "esm3", "esmfold", "evo2", "uniprot", "uniref", "swissprot", "genbank", "enzyme",
            "enzymes", "toxin", "toxins", "vaccine", "vaccines", "gene", "genes", "progen",
            "omics", "histology", "oncology",
        }),
        (
            "protein", "protgpt", "prott5", "protbert", "genom", "nucleotid", "biolog", "biotech",
            "bioinf", "biomed", "biosec", "biochem", "microbio", "metagenom", "proteom", "dna",
            "transcriptom", "virolog", "immunolog", "toxicolog", "alphafold", "openfold",
        ),
    ),
    "chemistry": (
        frozenset({"chem", "smiles", "selfies", "zinc15", "zinc20", "qm9"}),
        (
            "chemic", "chemis", "chemo", "chemb", "pubchem", "biochem", "molecul", "molformer",
            "retrosynth",
        ),
    ),
    "cyber": (
        frozenset({"ctf", "cve", "cves", "infosec", "shellcode", "hacking"}),
        (
            "cyber", "exploit", "malware", "ransomware", "pentest", "vulnerab", "hackthebox",
            "redteam", "fuzzing",
        ),
    ),
})
# fmt: on

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_RUNS = re.compile(r"[a-z0-9]+")


def domains_of(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the domains that any of the labels names, sorted; () when none does.

    >>> domains_of(["EsmForMaskedLM", "text-generation"])
    ('biology',)
    """
    words = {word for label in labels for word in _split(label)}
    return tuple(
        sorted(
            domain
            for domain, (whole, beginnings) in DOMAINS.items()
            if any(word in whole or word.startswith(beginnings) for word in words)
        )
    )


def _split(label: str) -> Iterable[str]:
    yield from _RUNS.findall(label.lower())
    yield from (word.lower() for word in _WORDS.findall(label))
