"""What is left of a block for each of the payloads that make it together."""

from ledger.limits import Limits


def test_payloads_that_make_a_block_together_keep_its_limits() -> None:
    limits = Limits()
    part = limits.divide(7)
    assert 7 * part.block_transactions_max <= limits.block_transactions_max
    assert 7 * part.block_bytes_max <= limits.block_bytes_max
    assert part.record_value_bytes_max == limits.record_value_bytes_max


def test_the_greatest_transaction_has_room_in_every_part() -> None:
    part = Limits(block_transactions_max=3, block_bytes_max=10_000).divide(5)
    assert part.block_transactions_max == 1
    assert part.block_bytes_max == Limits().transaction_bytes_max
