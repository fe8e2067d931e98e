"""Write the golden bounds with scipy, in an environment of its own (scipy 1.17).

``python tests/evidence/make_bounds.py > tests/evidence/bounds.json``

Each row: events, n, sides, confidence, lower and upper to 12 places.
"""

import json
import sys

from scipy.stats import beta

SIZES = (1, 2, 3, 7, 20, 59, 100, 180, 299, 313, 1_000, 2_995, 10_000, 100_000)


def rows():
    """Yield the grid: every shape of count at every size, both kinds of bound."""
    for n in SIZES:
        counts = {0, 1, 2, 3, 5, n // 100, n // 10, n // 3, n // 2, n - n // 10, n - 2, n - 1, n}
        for events in sorted(count for count in counts if 0 <= count <= n):
            for sided, confidence in ((1, "0.95"), (2, "0.95"), (2, "0.99")):
                tail = (1 - float(confidence)) / sided
                lower = beta.ppf(tail, events, n - events + 1) if events else 0.0
                upper = beta.ppf(1 - tail, events + 1, n - events) if events < n else 1.0
                yield [events, n, sided, confidence, f"{lower:.12f}", f"{upper:.12f}"]


json.dump(list(rows()), sys.stdout, separators=(",", ":"))
