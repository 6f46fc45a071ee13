"""Who may speak on a network: a certificate authority made with it, one certificate per node.

A node's certificate binds nothing but its Ed25519 key to the network: TLS 1.3 is spoken with the
node key itself, both sides must show a certificate of the network's authority, and the peer *is*
the public key of that certificate. Host names, addresses and clocks play no part: certificates are
valid from 2020 to the end of the calendar (RFC 5280, 4.1.2.5), so a wrong clock locks nobody out.
The price: a certificate cannot be withdrawn; a lost key is shut out by a new authority.

The authority's private key is needed only to admit further nodes. It stays with whoever made the
network (`network_ca_key.pem`, mode 0600), not in the nodes' homes.
"""

import contextlib
import datetime
import secrets
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from node.errors import NodeError
from node.identity import Identity
from node.secret_files import SecretFileError, read_secret, write_secret

AUTHORITY_FILE = "network_ca.pem"
AUTHORITY_KEY_FILE = "network_ca_key.pem"
CERTIFICATE_FILE = "node_cert.pem"

NOT_BEFORE = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
NOT_AFTER = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)
COMMON_NAME_CHARACTERS_MAX = 64


class CertificateError(NodeError):
    """A certificate cannot be used.

    Reasons: `certificate-missing`, `certificate-malformed`, `certificate-foreign-key` (it is not
    this node's), `certificate-foreign-network` (another authority signed it).
    """

    reason = "certificate-malformed"


@dataclass(frozen=True, slots=True)
class Authority:
    """A network's certificate authority with its private key; `certificate` is PEM."""

    certificate: bytes
    key: Ed25519PrivateKey = field(repr=False)

    def issue(self, public_key: bytes) -> bytes:
        """The PEM certificate that admits the node with this 32-byte key to the network."""
        return _issue_node_certificate(self, public_key)


def create_authority(network: str) -> Authority:
    """A new authority for the network of that name, with a random key."""
    key = Ed25519PrivateKey.generate()
    name = _name(f"quorate network {network}")
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        _start(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, algorithm=None)
    )
    return Authority(certificate.public_bytes(Encoding.PEM), key)


def _issue_node_certificate(authority: Authority, public_key: bytes) -> bytes:
    issuer = read_certificate(authority.certificate)
    key = Ed25519PublicKey.from_public_bytes(public_key)
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        _start(_name(public_key.hex()), issuer.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
        .sign(authority.key, algorithm=None)
    )
    return certificate.public_bytes(Encoding.PEM)


def _start(subject: x509.Name, issuer: x509.Name, key: Ed25519PublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:COMMON_NAME_CHARACTERS_MAX])])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def read_certificate(pem: bytes) -> x509.Certificate:
    """Parse one PEM certificate; raises `CertificateError`."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CertificateError(f"not a certificate: {error}") from error


def load_certificate(path: Path) -> bytes:
    """The PEM bytes of a certificate file; raises `CertificateError`."""
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise CertificateError(
            f"{path} cannot be read: {error}",
            reason="certificate-missing",
            advice="copy it from whoever made the network",
        ) from error
    read_certificate(pem)
    return pem


def save_authority_key(path: Path, authority: Authority) -> None:
    """Write the authority's private key (PEM, mode 0600); never overwrites."""
    write_secret(
        path, authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )


def load_authority(certificate_path: Path, key_path: Path) -> Authority:
    """The authority of a network; raises `CertificateError` or `SecretFileError`."""
    pem = load_certificate(certificate_path)
    try:
        key = load_pem_private_key(read_secret(key_path), password=None)
    except (ValueError, TypeError) as error:
        raise SecretFileError(f"{key_path}: {error}", reason="key-file-malformed") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SecretFileError(f"{key_path} is not an Ed25519 key", reason="key-file-malformed")
    if key.public_key() != read_certificate(pem).public_key():
        raise CertificateError(
            f"{key_path} is not the key of {certificate_path}", reason="certificate-foreign-key"
        )
    return Authority(pem, key)


def read_public_key(der: bytes) -> bytes:
    """The 32-byte Ed25519 key of a DER certificate; raises `CertificateError`."""
    try:
        key = x509.load_der_x509_certificate(der).public_key()
    except ValueError as error:
        raise CertificateError(f"not a certificate: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise CertificateError("not an Ed25519 key")
    return key.public_bytes_raw()


def check_certificate(identity: Identity, authority: bytes, certificate: bytes) -> None:
    """Refuse a certificate (PEM) that is not this node's, or not of this network's authority."""
    mine, issuer = read_certificate(certificate), read_certificate(authority)
    if read_public_key(mine.public_bytes(Encoding.DER)) != identity.public_key:
        raise CertificateError(
            "the node's certificate is for another key",
            reason="certificate-foreign-key",
            advice="node_key.json and node_cert.pem must belong together",
        )
    try:
        mine.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise CertificateError(
            "the node's certificate was not issued by the network's authority",
            reason="certificate-foreign-network",
            advice="node_cert.pem and network_ca.pem must be of one network",
        ) from error


def make_tls_contexts(
    identity: Identity, authority: bytes, certificate: bytes
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The contexts to listen and to dial with; both demand a certificate of the authority.

    TLS 1.3 only, strict X.509 checks, no session tickets (a resumed session would skip the check
    of the peer's certificate).
    """
    check_certificate(identity, authority, certificate)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.num_tickets = 0
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False  # the peer is its key, wherever it answers
    for context in (server, client):
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.load_verify_locations(cadata=authority.decode("ascii"))
    load_chain((server, client), identity, certificate)
    return server, client


def load_chain(
    contexts: tuple[ssl.SSLContext, ...], identity: Identity, certificate: bytes
) -> None:
    """Python's ssl reads keys from files only: hand it one under a password that is not kept."""
    password = secrets.token_bytes(32).hex().encode()
    key = identity.private_key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password)
    )
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".pem"))
        file.write(certificate + key)
        file.flush()
        for context in contexts:
            context.load_cert_chain(file.name, password=password)
