"""Every page as a browser gets it: statuses, headers, escaping, and errors for people."""

import re

import pytest

from ledger.address import encode_address
from ledger.blocks import StoredBlock
from ledger.transaction import Record
from node.api.backend import TreeBlockView
from node.pulse import Sample, Span
from node.web.pages import PAGES
from tests.node.api.conftest import Call
from tests.node.api.ledger_backend import ALICE, BOB, LedgerBackend
from tests.node.web.conftest import Look

ALICE_PATH = f"/accounts/{encode_address(ALICE.public_key)}"
NASTY = b"<script>alert('x')</script>\"&"
INLINE = re.compile(
    r"<script(?![^>]*\ssrc=)|\sstyle=|<style|\son[a-z]+=|javascript:", re.IGNORECASE
)
LINK = re.compile(r'(?:href|src|action|hx-get)="([^"]*)"')


def fill(backend: LedgerBackend) -> dict[str, str]:
    """Blocks with transactions of every kind; a path for every page, by its pattern."""
    paid, failed = backend.pay(0), backend.pay(1, amount=999_999)
    record = backend.pay(2, payload=Record(NASTY, NASTY))
    backend.make_block(paid, failed, record, certify=True)
    backend.mempool.add(backend.pay(3), 1)
    backend.taken[Span.MINUTES] = [Sample(at, 1, 1, 2, 3.0, 1.0, 4.0, 5.0) for at in (1, 1_001)]
    return {
        "/": "/",
        "/blocks": "/blocks",
        "/blocks/{block}": "/blocks/1",
        "/transactions/{hash}": f"/transactions/{record.id.hex()}",
        "/accounts/{address}": ALICE_PATH,
        "/validators": "/validators",
        "/mempool": "/mempool",
        "/peers": "/peers",
        "/forks": "/forks",
        "/charts": "/charts",
        "/search": "/search?q=nothing",
        "/docs": "/docs",
    }


@pytest.mark.parametrize("pattern", [page.path for page in PAGES])
async def test_a_page_holds_nothing_inline_and_asks_nobody_else(
    look: Look, backend: LedgerBackend, pattern: str
) -> None:
    path = fill(backend)[pattern]
    reply = await look(path)
    text = reply.body.decode()
    assert reply.status == (404 if pattern == "/search" else 200)
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "no-store"
    assert not INLINE.search(text)
    assert all(link.startswith(("/", "#")) for link in LINK.findall(text)), LINK.findall(text)
    assert text.count("<h1>") == 1
    assert '<html lang="en">' in text
    assert "<title>" in text


@pytest.mark.parametrize("pattern", [page.path for page in PAGES])
async def test_every_link_of_a_page_leads_somewhere(
    look: Look, backend: LedgerBackend, pattern: str
) -> None:
    text = (await look(fill(backend)[pattern])).body.decode()
    for link in sorted(set(LINK.findall(text)) - {"#main", "/search"}):
        reply = await look(link.replace("&amp;", "&"))
        assert reply.status == (404 if link.startswith("/search") else 200), link


async def test_what_strangers_wrote_is_text(look: Look, backend: LedgerBackend) -> None:
    paths = fill(backend)
    for path in (paths["/transactions/{hash}"], ALICE_PATH):
        text = (await look(path)).body.decode()
        assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&#34;&amp;" in text
        assert "<script>alert" not in text
    text = (await look("/search?q=%3Cb%3Ebold")).body.decode()
    assert "&lt;b&gt;bold" in text
    assert "<b>bold" not in text


async def test_machines_get_the_index_at_the_root(call: Call) -> None:
    for accept, kind in (
        ("application/json", "application/json"),
        ("text/html,application/json;q=0.5", "text/html"),
        ("*/*", "text/html"),
    ):
        reply = await call("GET", "/", headers={"Accept": accept})
        assert reply.headers["Content-Type"].split(";")[0] == kind
    reply = await call("GET", "/", headers={"Accept": "application/json"})
    assert reply.json == (await call("GET", "/v1")).json


async def test_a_part_of_a_page_is_served_alone(look: Look, backend: LedgerBackend) -> None:
    fill(backend)
    part = (await look("/", **{"HX-Request": "true"})).body.decode()
    assert "Latest blocks" in part
    assert "<html" not in part
    assert "<h1>" not in part
    whole = await look("/")
    assert "HX-Request" in whole.headers["Vary"]
    assert part.strip() in whole.body.decode()


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/nowhere", 404, "path-unknown"),
        ("/blocks/99", 404, "block-unknown"),
        ("/blocks/x", 400, "path-invalid"),
        ("/blocks?from=-1", 400, "query-invalid"),
        ("/blocks/1?first=50", 400, "query-invalid"),
        ("/blocks?colour=red", 400, "query-unknown"),
        (f"/transactions/{'00' * 32}", 404, "tx-unknown"),
        ("/transactions/zz", 400, "path-invalid"),
        ("/accounts/quo1nonsense", 400, "address-malformed"),
        ("/charts?span=1y", 400, "query-invalid"),
        ("/static/0000000000000000/style.css", 404, "path-unknown"),
    ],
)
async def test_errors_are_pages_for_people_and_documents_for_machines(
    look: Look, call: Call, backend: LedgerBackend, path: str, status: int, reason: str
) -> None:
    fill(backend)
    page = await look(path)
    assert (page.status, page.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    text = page.body.decode()
    assert reason in text
    assert "Traceback" not in text
    document = await call("GET", path, headers={"Accept": "application/json"})
    assert (document.status, document.json["reason"]) == (status, reason)


async def test_the_api_answers_browsers_in_json_too(look: Look) -> None:
    reply = await look("/v1/blocks/99")
    assert reply.headers["Content-Type"].startswith("application/problem+json")


async def test_a_fault_of_ours_is_a_page_without_a_trace(
    look: Look, backend: LedgerBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(backend, "mempool_view", fail)
    reply = await look("/mempool")
    assert reply.status == 500
    assert "internal-error" in reply.body.decode()
    assert "secret" not in reply.body.decode()


async def test_a_method_that_does_not_fit_says_which_does(call: Call) -> None:
    reply = await call("POST", "/blocks", headers={"Accept": "text/html"})
    assert reply.status == 405
    assert "GET" in reply.headers["Allow"]
    assert "<h1>" in reply.body.decode()


async def test_search_leads_on(look: Look, backend: LedgerBackend) -> None:
    fill(backend)
    reply = await look("/search?q=head")
    assert (reply.status, reply.headers["Location"]) == (303, "/blocks/head")
    assert (await look("/search")).status == 200
    assert (await look("/search?q=99")).status == 404


async def test_blocks_are_paged_and_a_page_in_the_past_stands_still(
    look: Look, backend: LedgerBackend
) -> None:
    for _ in range(60):
        backend.make_block()
    text = (await look("/blocks")).body.decode()
    assert "data-live" in text
    assert 'href="/blocks?from=35"' in text
    older = (await look("/blocks?from=35")).body.decode()
    assert "data-live" not in older
    assert 'id="block-35"' in older
    assert 'href="/blocks?from=60"' in older
    assert 'href="/blocks?from=10"' in older
    assert "Older" not in (await look("/blocks?from=3")).body.decode()


async def test_the_transactions_of_a_block_are_paged(look: Look, backend: LedgerBackend) -> None:
    backend.make_block(*(backend.pay(nonce) for nonce in range(60)))
    text = (await look("/blocks/1")).body.decode()
    assert text.count('href="/transactions/') == 50
    assert 'href="/blocks/1?first=50"' in text
    rest = (await look("/blocks/1?first=50")).body.decode()
    assert rest.count('href="/transactions/') == 10
    assert 'href="/blocks/1?first=0"' in rest


async def test_an_account_tells_how_far_it_looked(look: Look, backend: LedgerBackend) -> None:
    fill(backend)
    text = (await look(ALICE_PATH)).body.decode()
    assert "blocks 1 to 1 were looked through" in text
    assert text.count('href="/transactions/') == 4
    stranger = (await look(f"/accounts/{encode_address(bytes(32))}")).body.decode()
    assert "Nothing is known of this account" in stranger
    bob = (await look(f"/accounts/{encode_address(BOB.public_key)}")).body.decode()
    assert "None found." in bob


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("colour", "keeps nothing under it"),
        ("0x" + NASTY.hex(), "“&lt;script&gt;"),
        ("0xabc", "hex digits, two for each byte"),
    ],
)
async def test_records_are_looked_up_by_key(
    look: Look, backend: LedgerBackend, typed: str, words: str
) -> None:
    fill(backend)
    assert words in (await look(f"{ALICE_PATH}?key={typed}")).body.decode()


async def test_only_trees_have_forks_in_the_navigation(look: Look, backend: LedgerBackend) -> None:
    assert 'href="/forks"' not in (await look("/")).body.decode()
    backend.tree_blocks = [TreeBlockView(b"\x01" * 32, bytes(32), 0, 0, b"", True)]
    assert 'href="/forks"' in (await look("/")).body.decode()


async def test_a_block_is_read_once_it_is_settled_and_again_until_then(
    look: Look, backend: LedgerBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.make_block()
    read: list[int] = []
    whole = backend.chain.block

    def count(height: int) -> StoredBlock:
        read.append(height)
        return whole(height)

    monkeypatch.setattr(backend.chain, "block", count)
    for _ in range(3):
        await look("/blocks")
    assert read == [1, 0]
    backend.chain.certify(1, b"certificate")
    await look("/blocks")
    assert read == [1, 0, 1]
    assert "certified" in (await look("/blocks")).body.decode()
