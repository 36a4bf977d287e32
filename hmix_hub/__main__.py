"""`python -m hmix_hub` is the command `hmix`."""

from hmix_hub.cli.main import main

main(prog_name="hmix")
