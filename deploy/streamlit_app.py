"""The entry for Streamlit Community Cloud, which installs the requirements.txt beside it.

The one at the root would bring TensorFlow, and nothing is trained there.
"""

import os
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

os.environ.setdefault("DIGITS_MODE", "shared")
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
runpy.run_path(str(ROOT / "app.py"))
