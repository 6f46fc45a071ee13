"""How the two ends of a connection prove who they are: by a network's authority, or by themselves.

Permissioned networks: both sides show a certificate of the network's authority in TLS. Open ones:
see `node.open_identity`. The rest of the peer layer does not know which of the two it is.
"""

import asyncio
import ssl
from typing import Protocol

from node.certificates import CertificateError, make_tls_contexts, read_public_key
from node.identity import Identity
from node.open_identity import (
    CHALLENGE_BYTES,
    make_challenge,
    make_dialling_context,
    make_listening_context,
    make_proof,
    read_proof,
)
from node.peers.handshake import Refusal, RefusedError, Socket, receive_hello
from node.peers.records import Network

CHALLENGE_HEADER = "Quorate-Challenge"


class Credentials(Protocol):
    """The proofs of one node; a peer id is a public key."""

    @property
    def listening(self) -> ssl.SSLContext:
        """TLS for callers."""
        ...

    def dial(self, wanted: bytes | None) -> ssl.SSLContext:
        """TLS for a call to the node with that key, or to any."""
        ...

    def challenge(self) -> bytes:
        """What a caller has to answer to, for its upgrade response; empty where TLS says enough."""
        ...

    async def identify(
        self, socket: Socket, transport: asyncio.Transport, challenge: bytes, within_s: float
    ) -> bytes:
        """Who the caller is; raises `RefusedError`."""
        ...

    async def introduce(self, socket: Socket, listener: bytes, header: str | None) -> None:
        """Say who we are to the node that answered, and what it asked; raises `RefusedError`."""
        ...


class CertifiedCredentials:
    """The authority of the network vouches for everybody."""

    def __init__(self, identity: Identity, authority: bytes, certificate: bytes) -> None:
        self.listening, self._dialling = make_tls_contexts(identity, authority, certificate)

    def dial(self, wanted: bytes | None) -> ssl.SSLContext:  # noqa: ARG002 - looked at after TLS
        """One context for all."""
        return self._dialling

    def challenge(self) -> bytes:
        """None is needed."""
        return b""

    async def identify(
        self,
        socket: Socket,  # noqa: ARG002
        transport: asyncio.Transport,
        challenge: bytes,  # noqa: ARG002
        within_s: float,  # noqa: ARG002
    ) -> bytes:
        """The key of the certificate that TLS has verified."""
        return read_peer_id(transport)

    async def introduce(self, socket: Socket, listener: bytes, header: str | None) -> None:
        """TLS has done it."""


class OpenCredentials:
    """Nobody vouches for anybody: each proves that it holds its key."""

    def __init__(self, identity: Identity, chain_id: bytes) -> None:
        self.listening = make_listening_context(identity)
        self._identity = identity
        self._chain_id = chain_id

    def dial(self, wanted: bytes | None) -> ssl.SSLContext:
        """One that ends the handshake with anybody else."""
        return make_dialling_context(wanted)

    def challenge(self) -> bytes:
        """A fresh one."""
        return make_challenge()

    async def identify(
        self,
        socket: Socket,
        transport: asyncio.Transport,  # noqa: ARG002
        challenge: bytes,
        within_s: float,
    ) -> bytes:
        """The first message has to be a proof."""
        proof = await receive_hello(socket, within_s)
        own = self._identity.public_key
        caller = read_proof(proof, self._chain_id, own, challenge)
        if caller is None:
            raise RefusedError(Refusal.BAD_PROOF)
        return caller

    async def introduce(self, socket: Socket, listener: bytes, header: str | None) -> None:
        """Answer the challenge; a node that asks for no proof is none of an open network."""
        challenge = read_challenge(header)
        if challenge is None:
            raise RefusedError(Refusal.NOT_A_NODE)
        await socket.send_bytes(make_proof(self._identity, self._chain_id, listener, challenge))


def read_challenge(header: str | None) -> bytes | None:
    """32 bytes in hex; None for anything else."""
    try:
        challenge = bytes.fromhex(header or "")
    except ValueError:
        return None
    return challenge if len(challenge) == CHALLENGE_BYTES else None


def make_credentials(identity: Identity, network: Network) -> Credentials:
    """The proofs that a network asks for; raises `CertificateError`."""
    if network.is_open:
        return OpenCredentials(identity, network.chain_id)
    return CertifiedCredentials(identity, network.authority, network.certificate)


def read_peer_id(transport: asyncio.Transport) -> bytes:
    """The key of the certificate that the other side has shown; raises `RefusedError`."""
    tls = transport.get_extra_info("ssl_object")
    try:
        return read_public_key((tls and tls.getpeercert(binary_form=True)) or b"")
    except CertificateError as error:
        raise RefusedError(Refusal.NOT_A_NODE) from error
