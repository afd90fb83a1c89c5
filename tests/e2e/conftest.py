"""Puts this folder on the path: `run_cases.py` is a script as well as a module, and imports its neighbour by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
