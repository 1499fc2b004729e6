#%% buggy: numpy
import numpy as np

def compute_metrics(eval_pred):
    logits, labels = eval_pred
    preds = np.argmax(logits, axis=0)  # BUG
    return {"accuracy": float((preds == labels).mean())}
#%% buggy: tensor
def accuracy(logits, labels):
    return (torch.argmax(logits, dim=0) == labels).float().mean().item()  # BUG
#%% correct: classes
import numpy as np

def compute_metrics(eval_pred):
    logits, labels = eval_pred
    return {"accuracy": float((np.argmax(logits, axis=-1) == labels).mean())}
#%% correct: best sample wanted
import numpy as np

def hardest(losses):
    return np.argmax(losses, axis=0)
