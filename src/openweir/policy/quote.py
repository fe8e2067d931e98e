"""A rule's source: the quote must stand in the pinned document, word for word."""

from openweir.policy.pack import Pack, folded
from openweir.policy.place import Table
from openweir.policy.policy import Quote

__all__ = ["read_quote"]


def read_quote(pack: Pack, table: Table) -> Quote:
    """Read `source = { doc, locator, quote }`.

    Raises:
        PolicyError: the document is unknown, or does not say what is quoted.
    """
    source = Table(table.value.get("source"), table.place.inside("source"))
    source.only("doc", "locator", "quote")
    name = source.known("doc", pack.documents)
    sha256, content = pack.documents[name]
    quote = source.text("quote")
    if folded(quote) not in content:
        source.fail(
            "quote",
            f"the quote is not found in document `{name}`",
            code="quote",
            hint="copy it word by word; line breaks do not matter",
        )
    return Quote(document=name, document_sha256=sha256, locator=source.text("locator"), quote=quote)
