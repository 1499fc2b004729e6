"""Which scenarios were looked at while misrun's signals, checks and clues were written.

Half of every category, drawn by the SHA-256 of the id before the work began; the five that the first version was built
with count into the halves. The other half was held back: nobody opened its folders or read what misrun said of them, so
that the shares on it (`unseen` in the summaries) show what carries over.
"""

LOOKED_AT = frozenset({
    "r001", "r002", "r003", "r006", "r008", "r009", "r010", "r011", "r013", "r014", "r016", "r018", "r019",
    "r023", "r024", "r028", "r029", "r033", "r034", "r035", "r036", "r039", "r043", "r046", "r047", "r048",
    "r052", "r060", "r061", "r065", "r067", "r068", "r071", "r072", "r073", "r074", "r075", "r077", "r078",
    "r079", "r081", "r082", "r086", "r087", "r090", "r091", "r093", "r096", "r097", "r098", "r099",
})  # fmt: skip
