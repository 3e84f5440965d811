"""A hostile or unlucky world: `python -m tests.attack` prints what mnist-tui makes of it."""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"  # attacks are made in forked processes, which have no threads but their own
