"""A local stand-in for the Hugging Face Hub, for tests with the real clients.

    with Hub() as hub:
        hub.create("lab/birds", {"README.md": b"..."})
        subprocess.run([...], env=os.environ | hub.environment(folder))

In the process of the tests, take the fixture `hub` of hub_server.fixtures.
"""

from __future__ import annotations

from hub_server.faults import NO_ANSWER, Call
from hub_server.hub import Hub

__all__ = ["NO_ANSWER", "Call", "Hub"]
