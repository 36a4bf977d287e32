"""Connection: calls that are tried again as the page does, and answers that are no answers."""

import http.server
import json
import threading

import pytest

from hmix_hub.errors import CollectionError
from hmix_hub.suite.simulation.connection import Connection


@pytest.fixture
def scripted(request):
    """Serve these statuses, one call after the other; gives the address and the calls."""
    replies, calls = iter(request.param), []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PUT(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            calls.append((self.path, self.headers["Authorization"], json.loads(body)))
            status = next(replies)
            content = json.dumps({"error": "so_it_is", "status": status}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", calls
    server.shutdown()
    server.server_close()


@pytest.fixture
def connect():
    opened = []

    def open_connection(url, **options):
        opened.append(Connection(url, **options))
        return opened[-1]

    yield open_connection
    for connection in opened:
        connection.close()


@pytest.mark.parametrize("scripted", [[503, 502, 200]], indirect=True)
def test_a_busy_server_is_asked_again_the_same(scripted, connect):
    url, calls = scripted
    connection = connect(url)
    assert connection.call("PUT", "/api/session/comments", {"text": "a"}) == (200, {"error": "so_it_is", "status": 200})
    assert calls == [("/api/session/comments", f"Bearer {connection.token}", {"text": "a"})] * 3


@pytest.mark.parametrize("scripted", [[409, 409]], indirect=True)
def test_a_refusal_is_an_answer_where_it_is_expected(scripted, connect):
    connection = connect(scripted[0])
    assert connection.call("PUT", "/a", {}, also=(409,))[0] == 409
    with pytest.raises(CollectionError, match="409 to PUT /a: so_it_is"):
        connection.call("PUT", "/a", {})


def test_a_server_that_is_away_is_given_up_in_the_end(connect):
    with pytest.raises(CollectionError, match="does not respond") as refused:
        connect("http://127.0.0.1:9", patience_s=0.2).call("PUT", "/a", {})
    assert "hmix collect serve" in refused.value.hint


def test_once_stopped_nothing_is_waited_for(connect):
    stopped = threading.Event()
    threading.Timer(0.3, stopped.set).start()
    with pytest.raises(CollectionError, match="was stopped"):
        connect("http://127.0.0.1:9", stopped=stopped).call("PUT", "/a", {})


def test_tokens_are_of_32_bytes_and_differ(connect):
    one, other = connect("http://a"), connect("http://a")
    assert one.token != other.token
    assert len(one.token) == len(other.token) == 43
