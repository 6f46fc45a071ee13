"""Secrets are logged in every way that comes to mind, and looked for in what was written."""

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ledger.keys import KeyPair
from node.identity import Identity, save_identity
from node.logs.configuring import Style, configure_logging
from node.logs.masking import MASK, mask_text, mask_value, protect

SEED = bytes(range(200, 232))
FORMS = (
    SEED.hex(),
    base64.b64encode(SEED).decode().rstrip("="),
    base64.urlsafe_b64encode(SEED).decode().rstrip("="),
    repr(SEED)[2:-1],
    SEED.hex().upper(),
)
PUBLIC = KeyPair(SEED).public_key.hex()


def make_pem() -> str:
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def read_key_file(folder: Path) -> str:
    save_identity(folder / "node_key.json", Identity.from_seed(SEED))
    return (folder / "node_key.json").read_text()


def refuse(why: str) -> None:
    raise ValueError(why)


def log_in_every_way(key_file: str) -> None:
    """By name, by shape, in tables, in traces, by us and by libraries."""
    log, theirs = structlog.get_logger("node.test"), logging.getLogger("aiohttp.server")
    for name in ("seed", "node_seed", "private_key", "privateKey", "signing-key", "Authorization"):
        log.info("by name", **{name: SEED}, other=1)
        log.info("by name", **{name: SEED.hex()})
        log.info("in a table", config={"a": [{name: SEED.hex()}]})
        theirs.warning("%s=%s", name, SEED.hex())
        theirs.warning("{%r: %r}", name, SEED)
    log.info("a key file", content=key_file)
    log.info(key_file)
    log.info("its members", loaded=json.loads(key_file))
    log.info("pem", text=make_pem())
    theirs.warning("pem %s", make_pem())
    log.info("headers", headers={"Authorization": f"Bearer {SEED.hex()}"})
    theirs.warning("Authorization: Basic %s", base64.b64encode(SEED).decode())
    log.info("url", url=f"http://user:{SEED.hex()}@localhost/")
    log.info("an identity", identity=Identity.from_seed(SEED), key=KeyPair(SEED))
    try:
        refuse(f"cannot use seed={SEED!r} nor seed: {SEED.hex()}")
    except ValueError:
        log.exception("in a trace")
        theirs.exception("in a trace of theirs")


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.usefixtures("_own_logging")
def test_no_secret_is_written_by_name_or_shape(
    style: Style, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("debug", style)
    log_in_every_way(read_key_file(tmp_path))
    said = capsys.readouterr().err
    assert said.count(MASK) > 30
    assert [form for form in FORMS if form in said] == []
    pem = make_pem().splitlines()[1]
    assert pem not in said
    assert PUBLIC in said


@pytest.mark.usefixtures("_own_logging")
def test_what_is_protected_is_masked_under_any_name(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug", "json")
    log = structlog.get_logger("node.test")

    def say() -> str:
        for form in FORMS[:4]:
            log.info("innocent %s", form, detail=form, nested=[{"x": {"y": form}}])
        log.info("bytes", value=SEED, table={SEED.hex(): SEED}, object=Thing(SEED))
        return capsys.readouterr().err

    before = say()
    assert all(form in before or json.dumps(form)[1:-1] in before for form in FORMS[:4])
    protect(SEED)
    after = say()
    assert [f for f in FORMS if f in after or json.dumps(f)[1:-1] in after] == []


class Thing:
    """An object that shows what it holds."""

    def __init__(self, held: bytes) -> None:
        self.held = held

    def __repr__(self) -> str:
        return f"Thing({self.held!r})"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("seed=5, height=7", f"seed={MASK}, height=7"),
        ('{"seed": "ab", "public_key": "cd"}', f'{{"seed": {MASK}, "public_key": "cd"}}'),
        ("Authorization: Bearer abcdefgh", f"Authorization: {MASK}"),
        ("sent bearer abcdefgh1", f"sent bearer {MASK}"),
        ("https://me:word@host/x", f"https://{MASK}@host/x"),
        ("http://127.0.0.1:27001/v1", "http://127.0.0.1:27001/v1"),
        ("seeds of the network: 3", "seeds of the network: 3"),
        (f"block {PUBLIC}", f"block {PUBLIC}"),
        ("-----BEGIN PRIVATE KEY-----\nabc", MASK),
    ],
)
def test_shapes(text: str, shown: str) -> None:
    assert mask_text(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (5, 5),
        (None, None),
        (b"\x01\x02", "0102"),
        ({"seeds": ["a"], 1: {"token": 5}}, {"seeds": ["a"], "1": {"token": MASK}}),
        ((1, "x"), [1, "x"]),
        (KeyError("password=hush"), "KeyError('password=***"),
    ],
)
def test_values(value: Any, shown: Any) -> None:
    masked = mask_value(value)
    assert masked == shown or (isinstance(shown, str) and masked.startswith(shown))
