"""Write the page on all claims from the claims.csv of published studies.

python -m analysis.claims docs/claims.md docs/quick docs/classics docs/comparable
"""

import sys
from pathlib import Path

from analysis.claims.page import page

if __name__ == "__main__":
    out, *folders = sys.argv[1:]
    Path(out).write_text(page(Path(folder) for folder in folders), encoding="utf-8")
