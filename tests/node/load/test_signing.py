import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import msgspec

from ledger.keys import verify
from ledger.transaction import decode_transaction, signing_bytes
from node.load.accounts import Drafts, Payer
from node.load.limit import measure_verifications
from node.load.signing import sign_batch, sign_batches
from tests.node.fake_network import CHAIN_ID
from tests.node.load.conftest import ALICE, BOB


def make_drafts(nodes: int = 1, batch_size: int = 4) -> Drafts:
    return Drafts([Payer(ALICE, 3), Payer(BOB, 0)], nodes, batch_size)


def test_a_batch_is_signed_distinct_and_ready_to_send() -> None:
    batch = sign_batch(CHAIN_ID, 99, make_drafts().make_batch(0))
    envelopes = [decode_transaction(raw) for raw in msgspec.msgpack.decode(batch.body)]
    assert b"".join(envelope.id for envelope in envelopes) == batch.ids
    assert len({envelope.id for envelope in envelopes}) == 4
    for envelope in envelopes:
        transaction = envelope.transaction
        assert transaction.valid_until == 99
        assert verify(transaction.sender, signing_bytes(envelope), transaction.signature)
    nonces = [envelope.transaction.nonce for envelope in envelopes]
    assert nonces == [3, 0, 4, 1]


def test_each_node_has_accounts_of_its_own() -> None:
    drafts = make_drafts(nodes=2, batch_size=2)
    assert {draft.seed for draft in drafts.make_batch(0)} == {ALICE.seed}
    assert {draft.seed for draft in drafts.make_batch(1)} == {BOB.seed}


def test_workers_sign_in_order_and_verify_at_a_rate() -> None:
    drafts = make_drafts()
    batches = [drafts.make_batch(0) for _ in range(3)]
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawning) as pool:
        signed = list(sign_batches(pool, CHAIN_ID, 99, batches))
        rate = measure_verifications(pool, cores=1, seconds=0.1)
    assert signed == [sign_batch(CHAIN_ID, 99, batch) for batch in batches]
    assert rate > 0
