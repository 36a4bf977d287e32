"""Upload: publishes a contributed study from a checkout; the same as `hmix contribute publish`.

python3 scripts/upload_study.py DIR --repo-id ORG/NAME [--pull-request | --push] [--private] [--dry-run]
"""

from __future__ import annotations

import sys

from environment import run_in_environment

if __name__ == "__main__":
    run_in_environment(__file__)
    from hmix_hub.cli.main import main

    main(["contribute", "publish", *sys.argv[1:]], prog_name="hmix")
