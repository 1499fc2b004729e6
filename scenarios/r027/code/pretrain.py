import torch
import torch.nn.functional as F

import field_notes as notes
import settings
from bert import MaskedLM

args = settings.read("masked words on the notes without labels")
torch.manual_seed(args.seed)
data = torch.tensor(notes.unlabelled(6000, args.seed))
model = MaskedLM(len(notes.WORDS), dim=args.dim, layers=args.layers)
optimizer = settings.make_optimizer(args, model, args.pretrain_lr)
print(f"pre-training on {len(data)} notes, {len(notes.WORDS)} words, {sum(p.numel() for p in model.parameters())} parameters")
running = 0.0
for step in range(1, args.pretrain_steps + 1):
    ids = data[torch.randint(len(data), (64,))]
    hidden = (torch.rand(ids.shape) < 0.2) & (ids > 3)
    logits = model(ids.masked_fill(hidden, notes.MASK))
    loss = F.cross_entropy(logits[hidden], ids[hidden])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    running += loss.item()
    if step % 50 == 0:
        print(f"step {step:4d} mlm loss {running / 50:.3f}")
        running = 0.0
torch.save({"step": step, "model": model.state_dict()}, args.checkpoint)
print(f"saved {args.checkpoint}, {len(model.state_dict())} tensors")
