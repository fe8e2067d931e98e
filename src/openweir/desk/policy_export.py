"""Write a policy for other engines."""

from pathlib import Path

from openweir.decision import VOCABULARY
from openweir.desk.case import write_atomically
from openweir.desk.pack import load_pack
from openweir.policy import Policy
from openweir.policy.export import Export, export
from openweir.policy.program import lower

__all__ = ["export_pack"]


def export_pack(
    pack: str, language: str, output: Path | None = None
) -> tuple[Policy, Export, tuple[Path, ...]]:
    """Write a pack in another engine's language.

    Args:
        pack: a shipped pack's name or a folder.
        language: one of `openweir.policy.export.LANGUAGES`.
        output: a folder, or a file for the rules with what they need beside it; nothing
            is written without.

    Returns:
        The policy, the export, and the files written.

    Raises:
        OpenweirError: the pack does not load, or the files cannot be written.
    """
    policy = load_pack(pack)
    found = export(lower(policy, VOCABULARY), language)
    written: list[Path] = []
    if output is not None:
        for name, text in found.files:
            path = output / name
            if output.suffix and not output.is_dir():
                path = output if not written else output.with_suffix(Path(name).suffix)
            write_atomically(path, text.encode())
            written.append(path)
    return policy, found, tuple(written)
