"""A network's authority, what it issues, and what the TLS contexts demand."""

import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from node.certificates import (
    CertificateError,
    check_certificate,
    create_authority,
    load_authority,
    load_certificate,
    make_tls_contexts,
    read_certificate,
    read_public_key,
    save_authority_key,
)
from node.identity import Identity
from node.secret_files import SecretFileError, write_secret

AUTHORITY = create_authority("test")
NODE = Identity.generate()
CERTIFICATE = AUTHORITY.issue(NODE.public_key)


def der(pem: bytes) -> bytes:
    return read_certificate(pem).public_bytes(Encoding.DER)


def test_a_node_is_the_key_of_its_certificate() -> None:
    assert read_public_key(der(CERTIFICATE)) == NODE.public_key
    check_certificate(NODE, AUTHORITY.certificate, CERTIFICATE)


def test_no_clock_is_wrong_enough_to_matter() -> None:
    for pem in (AUTHORITY.certificate, CERTIFICATE):
        certificate = read_certificate(pem)
        assert certificate.not_valid_before_utc < datetime.datetime(2021, 1, 1, tzinfo=datetime.UTC)
        assert certificate.not_valid_after_utc.year == 9999


def test_a_node_cannot_issue_certificates() -> None:
    extensions = read_certificate(CERTIFICATE).extensions
    assert extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign is False


def test_two_authorities_of_one_name_are_strangers() -> None:
    other = create_authority("test")
    with pytest.raises(CertificateError) as caught:
        check_certificate(NODE, other.certificate, CERTIFICATE)
    assert caught.value.reason == "certificate-foreign-network"


def test_a_certificate_for_another_key_is_refused() -> None:
    with pytest.raises(CertificateError) as caught:
        make_tls_contexts(Identity.generate(), AUTHORITY.certificate, CERTIFICATE)
    assert caught.value.reason == "certificate-foreign-key"


def test_contexts_demand_a_certificate_both_ways_and_tls_1_3() -> None:
    for context in make_tls_contexts(NODE, AUTHORITY.certificate, CERTIFICATE):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.minimum_version is ssl.TLSVersion.TLSv1_3
        assert context.verify_flags & ssl.VERIFY_X509_STRICT
        assert len(context.get_ca_certs()) == 1


def test_no_private_key_is_left_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    make_tls_contexts(NODE, AUTHORITY.certificate, CERTIFICATE)
    assert list(tmp_path.iterdir()) == []


def test_authority_saved_and_loaded(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(AUTHORITY.certificate)
    save_authority_key(tmp_path / "ca_key.pem", AUTHORITY)
    loaded = load_authority(tmp_path / "ca.pem", tmp_path / "ca_key.pem")
    node = Identity.generate()
    check_certificate(node, AUTHORITY.certificate, loaded.issue(node.public_key))
    assert (tmp_path / "ca_key.pem").stat().st_mode & 0o777 == 0o600


def test_an_authority_needs_its_own_key(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(AUTHORITY.certificate)
    save_authority_key(tmp_path / "other.pem", create_authority("test"))
    with pytest.raises(CertificateError) as caught:
        load_authority(tmp_path / "ca.pem", tmp_path / "other.pem")
    assert caught.value.reason == "certificate-foreign-key"


def test_an_authority_key_is_an_ed25519_key(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(AUTHORITY.certificate)
    curve = generate_private_key(SECP256R1())
    write_secret(
        tmp_path / "curve.pem",
        curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    write_secret(tmp_path / "junk.pem", b"junk")
    for name in ("curve.pem", "junk.pem"):
        with pytest.raises(SecretFileError) as caught:
            load_authority(tmp_path / "ca.pem", tmp_path / name)
        assert caught.value.reason == "key-file-malformed"


def test_a_certificate_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(CertificateError) as missing:
        load_certificate(tmp_path / "none.pem")
    assert missing.value.reason == "certificate-missing"
    (tmp_path / "junk.pem").write_bytes(b"junk")
    with pytest.raises(CertificateError) as junk:
        load_certificate(tmp_path / "junk.pem")
    assert junk.value.reason == "certificate-malformed"


def test_bytes_that_are_no_certificate() -> None:
    with pytest.raises(CertificateError):
        read_public_key(b"")
    with pytest.raises(CertificateError):
        read_certificate(b"")
