"""Every schedule of a few participants, one by one, on the code that a node runs.

`local` is one participant with what its host owes it, `table` numbers their states and remembers
their steps, `asynchronous` says what may happen next, `explorer` goes through all of it, `replaying`
plays a schedule again without any of these.

The theorem of Fischer, Lynch and Paterson: `shifted` counts rounds from elsewhere, `valence` sees a whole
space, `oracle` is asked what can still be decided, `lemma` and `staging` are the proof's adversary, `flp`
puts them together; `figures`, `filming` and `drawing` make a page of it.
"""
