"""BOM: a dossier as a bill of materials that other people's tools read.

In: a `Dossier`, and the day to date the document by. Out: `Written` bytes: CycloneDX
1.7 with a model card, or SPDX 3.0.1 with its AI and Dataset classes. Never: fills a
field to please a schema, gives a contradicted or modified licence an SPDX id, dates a
document by a clock, or claims a profile whose fields are not all known.

Every fact travels along whole, with its source and certainty, as a property
(CycloneDX) or an annotation (SPDX). Identifiers are derived from the dossier's bytes.
"""

from openweir.documents.bom.cyclonedx import cyclonedx
from openweir.documents.bom.spdx import spdx3

__all__ = ["cyclonedx", "spdx3"]
