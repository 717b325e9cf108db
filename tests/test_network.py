"""The suite itself cannot reach out: what guards it is tested too."""

import os
import socket
import socketserver
import threading
import urllib.request

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "example.invalid", "2001:db8::1"])
def test_a_foreign_host_is_refused_before_a_packet_leaves(host):
    with pytest.raises(RuntimeError, match="this machine only"):
        urllib.request.urlopen(f"http://[{host}]/" if ":" in host else f"http://{host}/", timeout=1)


def test_a_server_of_the_test_answers():
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        socket.create_connection(("localhost", server.server_address[1]), timeout=5).close()
        thread.join()


def test_tokens_of_whoever_runs_the_suite_are_hidden():
    assert [name for name in os.environ if name.startswith(("SLACK_", "AWS_", "APPORTION_"))] == []
