import torch
import torch.nn.functional as F

import field_notes as notes
import settings
from bert import NoteClassifier

args = settings.read("habitat of a note, starting from the pre-trained encoder")
torch.manual_seed(args.seed + 1)
x, y = map(torch.tensor, notes.labelled(60, args.seed + 10, known=6))
dev_x, dev_y = map(torch.tensor, notes.labelled(240, args.seed + 20))
model = NoteClassifier(len(notes.WORDS), len(notes.HABITATS), dim=args.dim, layers=args.layers)

checkpoint = torch.load(args.checkpoint)
# the word predictor on top has no counterpart here and the classifier is new
model.load_state_dict(checkpoint["model"], strict=False)
print(f"starting from {args.checkpoint} (step {checkpoint['step']}), {len(model.state_dict())} tensors in the classifier")

optimizer = settings.make_optimizer(args, model, args.lr)
print(f"{len(x)} labelled notes, {len(dev_x)} for development")
for epoch in range(1, args.epochs + 1):
    model.train()
    total = 0.0
    for rows in torch.randperm(len(x)).split(12):
        loss = F.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows) / len(x)
    if epoch % 3 == 0:
        model.eval()
        with torch.no_grad():
            out, own = model(dev_x), model(x)
        print(f"epoch {epoch:2d} loss {total:.3f} train acc {(own.argmax(1) == y).float().mean():.3f} "
              f"dev loss {F.cross_entropy(out, dev_y):.3f} dev acc {(out.argmax(1) == dev_y).float().mean():.3f}")
torch.save({"args": vars(args), "model": model.state_dict()}, "ckpt/classifier.pt")
