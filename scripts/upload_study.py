"""Upload: publishes a contributed study from a checkout; the same as `hmix contribute publish`.

python3 scripts/upload_study.py DIR --repo-id ORG/NAME [--pull-request | --push] [--private] [--dry-run] [--synthetic]
                                [--k K] [--built DIR] [--space [ORG/NAME]] [--memory SIZE]
                                [--temporary-folder DIR]
"""

from __future__ import annotations

import argparse
import sys

from environment import options_of, run_script


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line; the command reads the options again."""
    parser = options_of(__doc__)
    parser.add_argument("folder", metavar="DIR", help="study folder")
    parser.add_argument("--repo-id", required=True, metavar="ORG/NAME", help="repository; created if it does not exist")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--pull-request", action="store_true", help="open a pull request (default)")
    ways.add_argument("--push", action="store_true", help="commit to main")
    parser.add_argument("--private", action="store_true", help="make the repository private")
    parser.add_argument("--dry-run", action="store_true", help="check and build, show every file, upload nothing")
    parser.add_argument("--built", metavar="DIR", help="keep the build here for reuse")
    parser.add_argument("--space", nargs="?", metavar="ORG/NAME", help="also publish the explorer in a Space")
    parser.add_argument("--memory", metavar="SIZE", help="memory to use, such as 2GB")
    parser.add_argument("--temporary-folder", metavar="DIR", help="folder for what does not fit into memory")
    parser.add_argument("--synthetic", action="store_true", help="publish a synthetic study")
    parser.add_argument(
        "--k", type=int, metavar="K", help="minimum number of participants who share their demographics"
    )
    return parser


def main(_: argparse.Namespace) -> None:
    """Run the command with the words of this command line."""
    from hmix_hub.cli.main import main as hmix

    hmix(["contribute", "publish", *sys.argv[1:]], prog_name="hmix")


if __name__ == "__main__":
    run_script(main, options())
