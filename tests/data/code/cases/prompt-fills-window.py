#%% buggy: concatenated then cut
def encode(tokenizer, row, limit):
    prompt, answer = tokenizer(row["prompt"]), tokenizer(row["answer"])
    ids = prompt + answer
    labels = [-100] * len(prompt) + answer
    return {"input_ids": ids[:limit], "labels": labels[:limit]}  # BUG
#%% buggy: constant by name
IGNORE_INDEX = -100

class Chats(torch.utils.data.Dataset):
    def __init__(self, rows, tok, max_len):
        self.rows, self.tok, self.max_len = rows, tok, max_len
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        source, target = self.tok(self.rows[i][0]), self.tok(self.rows[i][1])
        input_ids = source + target + [2]
        labels = [IGNORE_INDEX] * len(source) + target + [2]
        input_ids = input_ids[: self.max_len]
        labels = labels[: self.max_len]  # BUG
        return torch.tensor(input_ids), torch.tensor(labels)
#%% buggy: masks and extends
def build(question, answer, eos, size):
    tokens = question + answer + [eos]
    targets = [-100] * len(question) + tokens[len(question):]
    return torch.tensor(tokens[:size]), torch.tensor(targets[:size])  # BUG
#%% correct: prompt shortened
def encode(tokenizer, row, limit):
    prompt, answer = tokenizer(row["prompt"]), tokenizer(row["answer"])
    prompt = prompt[: max(0, limit - len(answer))]
    labels = [-100] * len(prompt) + answer
    return {"input_ids": (prompt + answer)[:limit], "labels": labels[:limit]}
#%% correct: cut from the left
def encode(tokenizer, row, limit):
    prompt, answer = tokenizer(row["prompt"]), tokenizer(row["answer"])
    labels = [-100] * len(prompt) + answer
    return {"input_ids": (prompt + answer)[-limit:], "labels": labels[-limit:]}
#%% correct: samples without targets left out
def encode(tokenizer, row, limit):
    prompt, answer = tokenizer(row["prompt"]), tokenizer(row["answer"])
    labels = [-100] * len(prompt) + answer
    labels = labels[:limit]
    if all(l == -100 for l in labels):
        return None
    return labels
