"""Which scenarios were looked at while misrun's signals, checks and clues were written.

Half of every category, drawn by the SHA-256 of the id before the work began; the five that the first version was built
with count into the halves. Of the rest nobody opened the folders or read what misrun said of them, so that the shares
on it (`unseen` in the summaries) show what carries over. When the first half was worked through, misrun had the
category of 36 of its 39 failing scenarios and of 22 of the 37 held back (grouped folds). Then half of those held back
were opened for a second round, by the same order; the others are held back still.
"""

LOOKED_AT = frozenset({
    "r001", "r002", "r003", "r005", "r006", "r007", "r008", "r009", "r010", "r011", "r012", "r013", "r014",
    "r016", "r018", "r019", "r021", "r023", "r024", "r028", "r029", "r031", "r032", "r033", "r034", "r035",
    "r036", "r038", "r039", "r040", "r041", "r042", "r043", "r044", "r045", "r046", "r047", "r048", "r050",
    "r051", "r052", "r056", "r058", "r059", "r060", "r061", "r063", "r064", "r065", "r067", "r068", "r071",
    "r072", "r073", "r074", "r075", "r077", "r078", "r079", "r080", "r081", "r082", "r086", "r087", "r088",
    "r090", "r091", "r093", "r095", "r096", "r097", "r098", "r099", "r100",
})  # fmt: skip
