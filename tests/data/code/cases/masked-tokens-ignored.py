#%% buggy: same mask
def corrupt(ids, mask_id):
    labels, ids = ids.clone(), ids.clone()
    chosen = torch.rand(ids.shape) < 0.15
    ids[chosen] = mask_id
    labels[chosen] = -100  # BUG
    return ids, labels
#%% buggy: constant
IGNORE_INDEX, MASK = -100, 1

def corrupt(tokens):
    targets = tokens.clone()
    hide = torch.bernoulli(torch.full(tokens.shape, 0.15)).bool()
    targets[hide] = IGNORE_INDEX  # BUG
    tokens[hide] = MASK
    return tokens, targets
#%% correct: the others
def corrupt(ids, mask_id):
    labels, ids = ids.clone(), ids.clone()
    chosen = torch.rand(ids.shape) < 0.15
    ids[chosen] = mask_id
    labels[~chosen] = -100
    return ids, labels
