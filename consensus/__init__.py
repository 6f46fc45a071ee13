"""How replicas agree: protocols as pure state machines that know no ledger."""
