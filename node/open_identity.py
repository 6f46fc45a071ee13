"""Proving a node's key on a network that anybody may join, where no authority vouches for keys.

The listener shows a certificate that it has signed itself: TLS 1.3 proves that it holds the key in
it, and who issued it does not matter. The dialler checks that key, if it knows whom it calls, as part
of the TLS handshake, before it sends anything. It shows no certificate itself, for Python's ssl
accepts none that it cannot verify; instead the listener's answer to its request holds a challenge,
and its first message is

    public key (32)  signature (64) over  domain, chain id, the listener's key, its own key, challenge

The listener's key stands in what is signed, so a proof that was coaxed out of a node by one listener
is worth nothing to another; the challenge is fresh for each connection, so it is worth nothing twice.
"""

import secrets
import ssl

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ledger.keys import verify
from node.certificates import NOT_AFTER, NOT_BEFORE, CertificateError, load_chain, read_public_key
from node.identity import PUBLIC_KEY_BYTES, Identity

CHALLENGE_BYTES = 32
SIGNATURE_BYTES = 64
PROOF_BYTES = PUBLIC_KEY_BYTES + SIGNATURE_BYTES
_DOMAIN = b"quorate/peer-proof/1\x00"


def issue_own_certificate(identity: Identity) -> bytes:
    """The PEM certificate in which a node vouches for itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, identity.public_key.hex())])
    key = identity.private_key
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .sign(key, algorithm=None)
    )
    return certificate.public_bytes(Encoding.PEM)


def make_listening_context(identity: Identity) -> ssl.SSLContext:
    """TLS 1.3 with the node's own key; callers show no certificate, and get no session tickets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    load_chain((context,), identity, issue_own_certificate(identity))
    return context


def make_dialling_context(wanted: bytes | None) -> ssl.SSLContext:
    """TLS 1.3 with whoever holds the key `wanted`, or any Ed25519 key if None.

    Another key ends the handshake with `ssl.SSLCertVerificationError`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the key is what counts, not who vouches for it

    class KeyCheckingObject(ssl.SSLObject):
        """A connection whose handshake is not over before the key was looked at."""

        def do_handshake(self) -> None:
            """As ever, and then the check."""
            super().do_handshake()
            check_key(self.getpeercert(binary_form=True), wanted)

    context.sslobject_class = KeyCheckingObject
    return context


def check_key(certificate: bytes | None, wanted: bytes | None) -> None:
    """Refuse a certificate that is not of the wanted key, or of no Ed25519 key."""
    try:
        shown = read_public_key(certificate or b"")
    except CertificateError as error:
        raise ssl.SSLCertVerificationError(str(error)) from error
    if wanted is not None and shown != wanted:
        raise ssl.SSLCertVerificationError("another node answers there")


def make_challenge() -> bytes:
    """32 bytes that nobody could foresee."""
    return secrets.token_bytes(CHALLENGE_BYTES)


def make_proof(identity: Identity, chain_id: bytes, listener: bytes, challenge: bytes) -> bytes:
    """What a caller sends first."""
    caller = identity.public_key
    return caller + identity.sign(_DOMAIN + chain_id + listener + caller + challenge)


def read_proof(proof: bytes, chain_id: bytes, listener: bytes, challenge: bytes) -> bytes | None:
    """The key that a caller has proved to hold; None if it has not."""
    if len(proof) != PROOF_BYTES:
        return None
    caller, signature = proof[:PUBLIC_KEY_BYTES], proof[PUBLIC_KEY_BYTES:]
    message = _DOMAIN + chain_id + listener + caller + challenge
    return caller if verify(caller, message, signature) else None
