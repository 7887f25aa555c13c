"""`python -m tools.change_request STACK`; `--help` has the rest."""

import sys

from tools.change_request.command import main

sys.exit(main(sys.argv[1:]))
