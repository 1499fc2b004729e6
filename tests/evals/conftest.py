"""The fixture `case` for every test of the evaluation."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from made_cases import case

__all__ = ["case"]
