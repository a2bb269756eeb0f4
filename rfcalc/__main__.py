"""`python -m rfcalc`. Python puts the working folder before all else there; what lies in it is not rfcalc's to import."""

import os
import sys

if not sys.flags.safe_path and sys.path[0] in ("", os.getcwd()):
    del sys.path[0]

from rfcalc.cli import main

main()
