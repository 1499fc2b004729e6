#%% buggy: ascii
def names(path):
    with open(path, encoding="ascii", errors="replace") as lines:  # BUG
        return [line.strip() for line in lines]
#%% buggy: bytes
def text(raw):
    return raw.decode("ascii", "ignore")  # BUG
#%% correct: strict
def names(path):
    with open(path, encoding="utf-8") as lines:
        return [line.strip() for line in lines]
#%% correct: kept as they are
def names(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as lines:
        return [line.strip() for line in lines]
