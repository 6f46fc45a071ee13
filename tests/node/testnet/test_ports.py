import socket

import pytest

from node.testnet.errors import ClusterError
from node.testnet.ports import check_free, is_free


def test_a_port_on_which_somebody_listens_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        with pytest.raises(ClusterError, match=str(port)) as failure:
            check_free("127.0.0.1", [port])
        assert failure.value.reason == "port-in-use"
        assert "--base-port" in failure.value.advice
    assert is_free("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_an_error_of_its_own() -> None:
    with pytest.raises(OSError, match="assign"):
        is_free("192.0.2.1", 27_000)
