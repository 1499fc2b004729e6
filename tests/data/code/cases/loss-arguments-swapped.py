#%% buggy: labels first
#% file: train.py
import optax


def loss_fn(params, model, x, labels_onehot):
    logits = model.apply(params, x)
    return optax.softmax_cross_entropy(labels_onehot, logits).mean()  # BUG
#%% correct: logits first, or named
#% file: train.py
import optax


def loss_fn(params, model, x, labels_onehot):
    logits = model.apply(params, x)
    one = optax.softmax_cross_entropy(logits, labels_onehot).mean()
    return one + optax.softmax_cross_entropy(labels=labels_onehot, logits=logits).mean()
