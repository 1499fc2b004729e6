import json
import random

import torch

import notes
from t5 import T5

rng = random.Random(515151)
source, target = [], []
for _ in range(300):
    queue = rng.choice(list(notes.QUEUES))
    high, again = rng.random() < 0.5, rng.random() < 0.5
    words = rng.sample(notes.QUEUES[queue], 3) + rng.sample(notes.FILL, 5)
    rng.shuffle(words)
    for plain, agrees in (("urgent", high), ("back", again)):
        at = rng.randint(0, len(words))
        words[at:at] = [plain] if agrees else ["not", plain]
    source.append([notes.INDEX[w] for w in words] + [0] * (14 - len(words)))
    target.append([notes.INDEX[w] for w in (queue, "u_high" if high else "u_low", "cb_yes" if again else "cb_no", "</s>")])
assert len(set(target[i][0] for i in range(300))) == 4 and len(set(map(tuple, target))) == 16
saved = torch.load("routing_t5/t5.pt")
c = saved["config"]
torch.manual_seed(0)
model = T5(len(notes.WORDS), c["dim"], c["heads"], c["ff"], c["layers"])
model.load_state_dict(saved["weights"])
model.eval()
exact = (model.generate(torch.tensor(source), 4) == torch.tensor(target)).all(1).float().mean().item()
print(json.dumps({"fresh_exact_match": exact}))
