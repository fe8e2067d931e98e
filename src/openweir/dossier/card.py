"""The front matter of a model card: YAML from a stranger, read as text and lists of text.

Source: Hugging Face Hub, model card metadata.
"""

from dataclasses import dataclass

__all__ = ["Card", "read_card"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the front matter states; empty where it says nothing.

    Attributes:
        stated: whether there is a front matter at all.
        licence: Hub identifier or words; several are joined by commas.
        licence_name, licence_link: for the identifier `other`.
    """

    stated: bool = False
    licence: str = ""
    licence_name: str = ""
    licence_link: str = ""
    base_model: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    pipeline_tag: str = ""
    library_name: str = ""


def read_card(text: str, *, where: str = "README.md") -> Card:
    """Read the front matter of a model card.

    Args:
        text: the card, or its beginning.
        where: for messages.

    Raises:
        DossierError: the front matter is not plain YAML: too long, too deep, with
            aliases, or with a key that stands twice.
    """
    # Only a card pays for the YAML reader; deciding a case never loads it.
    from openweir.dossier.front_matter import read_front_matter  # noqa: PLC0415

    top = read_front_matter(text, where=where)
    if top is None:
        return Card()
    return Card(
        stated=True,
        licence=", ".join(top.get("license", ())),
        licence_name=", ".join(top.get("license_name", ())),
        licence_link=", ".join(top.get("license_link", ())),
        base_model=top.get("base_model", ()),
        datasets=top.get("datasets", ()),
        tags=top.get("tags", ()),
        pipeline_tag=", ".join(top.get("pipeline_tag", ())),
        library_name=", ".join(top.get("library_name", ())),
    )
