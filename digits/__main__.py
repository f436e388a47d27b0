"""`python -m digits`: the command where the package is not installed."""

import sys

from digits.cli import main

sys.exit(main())
