"""Libraries of the page: each is the file that its entry says, with its licence."""

import hashlib
import re


def test_every_library_is_as_it_was_vendored(root):
    folder = root / "hmix_hub/explorer/client/vendor"
    entries = re.findall(r"^\| (\S+\.js) \|.* `(\w{64})` \|$", (folder / "README.md").read_text(), re.MULTILINE)
    assert [name for name, _ in entries] == ["arrow.js", "d3.js", "plot.js"]
    for name, digest in entries:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        assert (folder / name).with_suffix(".LICENSE").stat().st_size > 500
