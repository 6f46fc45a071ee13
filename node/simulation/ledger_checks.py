"""What must hold of all ledgers at the end of a run, looked at from outside the engines.

ledger-prefix       at every height that is final in two ledgers, they have the same block
ledger-state        equal heads have equal states: the tree over what the database holds now
ledger-supply       balances add up to what the genesis gave out
ledger-links        each block names its parent and its content; it is what was told to the engine
ledger-signature    everything included was signed by its sender, in the right form
ledger-effect       balances, nonces and records are what the receipts say
ledger-recovery     the database, opened once more, is the same chain
ledger-mempool      the log on disk holds what waits, and nothing that waits is included
ledger-proof        the light verifier believes proofs of included transactions and of accounts
"""

from collections.abc import Iterable, Sequence

from consensus import catalog
from consensus.committee import Committee
from consensus.errors import DecodeError
from consensus.simulation.history import ViolationError
from consensus.simulation.signatures import is_genuine
from ledger.blocks import StoredBlock
from ledger.errors import LedgerError, ProofError
from ledger.hashing import compute_payloads_digest
from ledger.history import UNDO_HEIGHTS_MAX
from ledger.leaves import AccountState
from ledger.ledger import Ledger
from ledger.light import Judge, verify_state_proof, verify_transaction_proof
from ledger.mempool_log import load
from ledger.merkle import compute_root
from ledger.state import State
from node.simulation.ledger import LedgerApplication
from node.simulation.ledger_book import Book
from node.simulation.ledger_workload import Network, is_sound

PROOFS_MAX = 3
"""Transactions, and as many accounts, that are proved per ledger."""


def check_ledgers(
    applications: Iterable[LedgerApplication],
    committee: Committee,
    forsaken: Iterable[LedgerApplication] = (),
) -> None:
    """Check the ledgers of all correct hosts of one run; raises `ViolationError`.

    `committee` says whose certificates count. Those that are `forsaken` need not agree with others. Ledgers with equal heads are compared with each other, and one of them is looked at closely.
    """
    ledgers, alone = list(applications), {id(ledger) for ledger in forsaken}
    check_prefixes([ledger for ledger in ledgers if id(ledger) not in alone])
    states: dict[bytes, bytes] = {}
    for ledger in ledgers:
        chain = ledger.chain
        root = State.load(ledger.store).root.hash
        if root != chain.head.state_root or states.setdefault(chain.head_id, root) != root:
            raise ViolationError("ledger-state", f"not the head's state at {chain.height}")
        check_supply(chain)
    for ledger in {ledger.chain.head_id: ledger for ledger in ledgers}.values():
        check_ledger(ledger, committee)


def check_prefixes(ledgers: Sequence[LedgerApplication]) -> None:
    """One final block per height: equal at the common height means equal all the way below."""
    longest = max(ledgers, key=lambda ledger: ledger.chain.final_height, default=None)
    for ledger in ledgers:
        assert longest is not None
        height = ledger.chain.final_height
        if longest.chain.block(height).id != ledger.chain.block(height).id:
            raise ViolationError("ledger-prefix", f"two blocks at height {height}")


def check_supply(chain: Ledger) -> None:
    """No transfer, fee or crash makes or destroys anything."""
    found, expected = chain.compute_total_supply(), chain.genesis.total_supply
    if found != expected:
        raise ViolationError("ledger-supply", f"{found} in circulation, not {expected}")


def check_ledger(ledger: LedgerApplication, committee: Committee) -> None:
    """Everything that one ledger shows by itself; raises `ViolationError`."""
    chain = ledger.chain
    book = Book.of(chain.genesis.allocations)
    for height in range(1, chain.height + 1):
        block, bodies = chain.block(height), chain.bodies(height)
        check_links(ledger, block)
        check_signatures(ledger.network, bodies[: len(block.ids)])
        book.add(block, bodies)
    book.compare(chain)
    check_recovery(ledger)
    check_mempool(ledger)
    check_proofs(ledger, make_judge(ledger.network, committee))


def check_links(ledger: LedgerApplication, block: StoredBlock) -> None:
    """The header names parent, values and transactions, and has the id that the engine heard."""
    header, height = block.header, block.header.height
    told = ledger.blocks[height - 1]
    fits = (
        header.parent == ledger.chain.block(height - 1).id
        and block.id == ledger.name_block(header) == told.block_id
        and block.values == ledger.payloads_of(told)
        and header.payload_digest == compute_payloads_digest(block.values)
        and header.transaction_root == compute_root(list(block.ids))
    )
    if not fits:
        raise ViolationError("ledger-links", f"the header at height {height} does not fit")


def check_signatures(network: Network, included: Iterable[bytes]) -> None:
    """Only what a correct node lets in is executed."""
    for raw in included:
        if not is_sound(network, raw):
            raise ViolationError("ledger-signature", f"executed without validity: {raw.hex()}")


def check_recovery(ledger: LedgerApplication) -> None:
    """A restart now would find the same chain."""
    try:
        again = ledger.reopen()
    except LedgerError as error:
        raise ViolationError("ledger-recovery", str(error)) from error
    if stand(again) != stand(ledger.chain):
        raise ViolationError("ledger-recovery", f"another chain of height {again.height}")


def stand(chain: Ledger) -> tuple[bytes, int, int]:
    """Where a chain stands."""
    return chain.head_id, chain.final_height, chain.certified_height


def check_mempool(ledger: LedgerApplication) -> None:
    """A restart would find all work that waits, and no other."""
    waiting = set(ledger.mempool.ids())
    if waiting != {envelope.id for envelope in load(ledger.store)}:
        raise ViolationError("ledger-mempool", "the log is not what waits")
    if done := [id_ for id_ in waiting if ledger.chain.contains(id_)]:
        raise ViolationError("ledger-mempool", f"{done[0].hex()} waits and is included")


def check_proofs(ledger: LedgerApplication, judge: Judge) -> None:
    """Prove the first, the middle and the last certified transaction, and their senders."""
    chain, genesis = ledger.chain, ledger.network.genesis
    if chain.height - chain.certified_height > UNDO_HEIGHTS_MAX:
        return  # too far behind the head for proofs of accounts
    ids = [id_ for at in range(1, chain.certified_height + 1) for id_ in chain.block(at).ids]
    try:
        for id_ in dict.fromkeys(ids[at] for at in pick(len(ids))):
            shown = verify_transaction_proof(genesis, chain.prove_transaction(id_), judge)
            if shown.envelope.id != id_:
                raise ViolationError("ledger-proof", "proves another transaction")
            check_account_proof(ledger, shown.envelope.transaction.sender, judge)
    except ProofError as error:
        raise ViolationError("ledger-proof", str(error)) from error


def pick(count: int) -> list[int]:
    """A few indices below `count`, the first and the last among them."""
    return [at * (count - 1) // (PROOFS_MAX - 1) for at in range(PROOFS_MAX)] if count else []


def check_account_proof(ledger: LedgerApplication, sender: bytes, judge: Judge) -> None:
    """At the certified height the sender of an included transaction has used its nonce."""
    proof = ledger.chain.prove_account(sender)
    leaf = verify_state_proof(ledger.network.genesis, proof, judge).leaf
    if not isinstance(leaf, AccountState) or leaf.nonce == 0:
        raise ViolationError("ledger-proof", f"account {sender.hex()} is proved as {leaf}")


def make_judge(network: Network, committee: Committee) -> Judge:
    """The judge of certificates, by the engine's own rule and the simulation's signatures."""
    spec = catalog.get(network.genesis.engine)

    def judge(certificate: bytes) -> tuple[int, bytes] | None:
        try:
            decoded = spec.certificates.decode(certificate)
        except DecodeError:
            return None
        strangers = {part.signer for part in decoded.signed_parts()} - set(committee.members)
        if strangers or not is_genuine(decoded):
            return None
        return spec.judge_certificate(decoded, committee)

    return judge
