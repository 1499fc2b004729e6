#%% buggy: clone
#% file: data.py
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("gpt2")

def encode(rows):
    batch = tokenizer(rows["text"], truncation=True, padding="max_length", max_length=256, return_tensors="pt")
    batch["labels"] = batch["input_ids"].clone()  # BUG
    return batch
#%% buggy: map over a data set
#% file: prepare.py
def prepare(example, tokenizer):
    out = tokenizer(example["text"], max_length=128, padding="max_length", truncation=True)
    out["labels"] = out["input_ids"].copy()  # BUG
    return out
#%% buggy: in the loop
#% file: train.py
import torch

def run(model, tokenizer, texts, opt):
    for text in texts:
        enc = tokenizer(text, padding=True, return_tensors="pt")
        labels = enc["input_ids"]  # BUG
        loss = model(**enc, labels=labels).loss
        opt.zero_grad()
        loss.backward()
        opt.step()
#%% correct: padding masked
#% file: data.py
def encode(rows, tokenizer):
    batch = tokenizer(rows["text"], truncation=True, padding="max_length", max_length=256, return_tensors="pt")
    batch["labels"] = batch["input_ids"].clone()
    batch["labels"][batch["attention_mask"] == 0] = -100
    return batch
#%% correct: nothing is padded
#% file: data.py
def encode(rows, tokenizer):
    batch = tokenizer(rows["text"], truncation=True, max_length=256)
    batch["labels"] = batch["input_ids"].copy()
    return batch
#%% correct: collator sets the labels
#% file: data.py
from transformers import DataCollatorForLanguageModeling

def encode(rows, tokenizer):
    batch = tokenizer(rows["text"], truncation=True, padding="max_length")
    batch["labels"] = batch["input_ids"].copy()
    return batch

def collator(tokenizer):
    return DataCollatorForLanguageModeling(tokenizer, mlm=False)
#%% buggy: a loss that could ignore them
def prepare(tokenizer, texts):
    enc = tokenizer(texts, padding="max_length", max_length=48)
    enc["labels"] = enc["input_ids"].clone()  # BUG
    return enc

def score(logits, labels):
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
