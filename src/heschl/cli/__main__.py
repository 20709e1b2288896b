"""``python -m heschl.cli``, for where the command is not on the path."""

import sys

from heschl.cli import main

sys.exit(main())
