#%% buggy: accuracy with the default
from lightning.pytorch.callbacks import EarlyStopping

stop = EarlyStopping(monitor="val_acc", patience=3)  # BUG
#%% buggy: checkpoint of the highest loss
from lightning.pytorch.callbacks import ModelCheckpoint

keep = ModelCheckpoint(monitor="val_loss", mode="max", save_top_k=1)  # BUG
#%% buggy: arguments of the Trainer
from transformers import TrainingArguments

args = TrainingArguments(  # BUG
    "out", load_best_model_at_end=True, metric_for_best_model="eval_loss", greater_is_better=True
)
#%% correct: the right way round
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

stop = EarlyStopping(monitor="val_loss", patience=3)
keep = ModelCheckpoint(monitor="val_acc", mode="max")
#%% correct: a metric whose name says nothing
from lightning.pytorch.callbacks import ModelCheckpoint

keep = ModelCheckpoint(monitor="val_metric")
