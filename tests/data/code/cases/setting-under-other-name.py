#%% buggy: synonym
#% file: config.json
{"learning_rate": 0.003, "epochs": 5}
#% file: train.py
import json

config = json.load(open("config.json"))
lr = config.get("lr", 1e-6)  # BUG
print(lr, config["epochs"])
#%% buggy: a letter
#% file: settings.yaml
train:
  warmup_steps: 100
  batch_size: 32
#% file: train.py
import yaml

train = yaml.safe_load(open("settings.yaml"))["train"]
print(train.get("warmup_step", 0), train["batch_size"])  # BUG
#%% correct: same names
#% file: config.json
{"learning_rate": 0.003, "epochs": 5}
#% file: train.py
import json

config = json.load(open("config.json"))
print(config.get("learning_rate", 1e-3), config.get("epochs", 1), config.get("seed", 0))
