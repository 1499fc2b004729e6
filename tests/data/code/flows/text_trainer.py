from datasets import load_dataset
from transformers import AutoTokenizer, AutoModelForSequenceClassification, Trainer, TrainingArguments
ds = load_dataset("imdb")
tok = AutoTokenizer.from_pretrained("x")
def enc(b):
    return tok(b["text"], truncation=True, max_length=256)
ds = ds.map(enc, batched=True)
model = AutoModelForSequenceClassification.from_pretrained("x", num_labels=2)
args = TrainingArguments("out", learning_rate=2e-5)
trainer = Trainer(model=model, args=args, train_dataset=ds["train"], eval_dataset=ds["test"])
trainer.train()
