"""A common coin: one face for all, hidden until so many members want to see it.

Source: Cachin, Kursawe and Shoup 2000 ("Random oracles in Constantinople"), here over the group of
prime order L that Ed25519 lives in, through libsodium.

A dealer draws a polynomial of degree f over the integers modulo L. Its value at 0 is the coin's
secret x, its value at i + 1 the secret share of member i; the public commitments are the
coefficients, each times the base point B (Feldman 1987). A coin is named by a tag, and every tag
has a point P whose logarithm nobody knows. A member's *share of the coin* is P times its secret
share, with a proof that both were multiplied by the same number (Chaum and Pedersen 1992, made
non-interactive). Any f + 1 shares interpolate to the same point, P times x, and a bit of that point's
hash is the face.

Model: up to f of n members are Byzantine, at any timing; hashes are random oracles; the decisional
Diffie-Hellman problem is hard in this group.

- Whoever knows f shares or fewer knows nothing of the face.
- No member can spoil a coin: a share that is not the right one has no proof, and is named.
- f + 1 members who work together know every coin in advance, without anybody else's asking. An engine
  that relies on the coin keeps its safety then, and may lose its termination.
- **The dealer is trusted.** Whoever keeps the polynomial, or the seed it was drawn from, knows every coin
  for ever, and can tell the scheduler. What it cannot do is to deal shares that do not fit: the
  commitments bind it. Here the dealer is whoever makes the network. The seed is never written down, but
  the shares are, for each validator to fetch: whoever keeps f + 1 of those files is the dealer still.
- The shares are for a fixed committee. Another one needs another dealing.

Cost: 128 bytes of point, proof and index a share; a share takes three multiplications of a point, its
verification four, a coin f + 1 more.
"""
