"""The listening socket."""

import socket

from hmix_hub.suite.server.serving import listening


def test_answers_do_not_wait_for_the_acknowledgement_of_their_headers():
    # asyncio sets it on connections of sockets that say they are TCP; those of `socket.create_server` do not.
    with listening("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
