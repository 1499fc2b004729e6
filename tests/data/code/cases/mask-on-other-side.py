#%% buggy: left padding
def collate(rows):
    lengths = torch.tensor([len(r) for r in rows])
    longest = int(lengths.max())
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    for i, r in enumerate(rows):
        ids[i, longest - len(r):] = torch.tensor(r)
    mask = torch.arange(longest)[None, :] < lengths[:, None]  # BUG
    return ids, mask
#%% buggy: right padding
def collate(rows):
    lengths = torch.tensor([len(r) for r in rows])
    n = int(lengths.max())
    ids = torch.zeros(len(rows), n, dtype=torch.long)
    for i, r in enumerate(rows):
        ids[i, :len(r)] = torch.tensor(r)
    return ids, torch.arange(n)[None, :] >= n - lengths[:, None]  # BUG
#%% correct: both left
def collate(rows):
    lengths = torch.tensor([len(r) for r in rows])
    n = int(lengths.max())
    ids = torch.zeros(len(rows), n, dtype=torch.long)
    for i, r in enumerate(rows):
        ids[i, :len(r)] = torch.tensor(r)
    return ids, torch.arange(n)[None, :] < lengths[:, None]
#%% correct: both right
def collate(rows):
    lengths = torch.tensor([len(r) for r in rows])
    n = int(lengths.max())
    ids = torch.zeros(len(rows), n, dtype=torch.long)
    for i, r in enumerate(rows):
        ids[i, n - len(r):] = torch.tensor(r)
    return ids, torch.arange(n)[None, :] >= n - lengths[:, None]
