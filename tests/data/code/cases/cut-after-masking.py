#%% buggy: flags
def encode(prompt, answer, limit):
    ids = prompt + answer
    mask = [0] * len(prompt) + [1] * len(answer)
    ids, mask = ids[:limit], mask[:limit]  # BUG
    return ids, [t if m else -100 for t, m in zip(ids, mask)]
#%% buggy: truth values
def encode(question, reply, n):
    tokens, counts = question + reply, [False] * len(question) + [True] * len(reply)
    counts = [False] * len(question) + [True] * len(reply)
    counts = counts[:n]  # BUG
    return tokens[:n], counts
#%% correct: empty ones left out
def encode(prompt, answer, limit):
    ids = prompt + answer
    mask = [0] * len(prompt) + [1] * len(answer)
    ids, mask = ids[:limit], mask[:limit]
    return (ids, mask) if any(mask) else None
#%% correct: prompt cut
def encode(prompt, answer, limit):
    prompt = prompt[-(limit - len(answer)):]
    mask = [0] * len(prompt) + [1] * len(answer)
    return prompt + answer, mask
