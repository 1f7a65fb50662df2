"""``python -m crmid``: the command line."""

import sys

from crmid.cli import main


sys.exit(main())
