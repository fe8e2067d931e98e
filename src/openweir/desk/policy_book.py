"""Write a pack as a page to read."""

from pathlib import Path

from openweir.desk.case import write_atomically
from openweir.desk.pack import pack_files, read_pack
from openweir.policy import Policy
from openweir.policy.book import book

__all__ = ["write_book"]


def write_book(reference: str, output: Path) -> tuple[Policy, int]:
    """Write a pack as one HTML file.

    Returns:
        The policy, and how many bytes the page has.

    Raises:
        OpenweirError: the pack does not load, or the file cannot be written.
    """
    files = pack_files(reference)
    policy = read_pack(files, reference)
    page = book(policy, files).encode("utf-8")
    write_atomically(output, page)
    return policy, len(page)
