#%% buggy: positive rate
#% file: train.py
import optax


def make(learning_rate):
    return optax.chain(optax.clip_by_global_norm(1.0), optax.scale_by_adam(), optax.scale(learning_rate))  # BUG
#%% correct: negative, or turned by another part
#% file: train.py
import optax


def make(learning_rate, schedule):
    one = optax.chain(optax.scale_by_adam(), optax.scale(-learning_rate))
    two = optax.chain(optax.scale_by_adam(), optax.scale_by_learning_rate(learning_rate))
    three = optax.chain(optax.scale_by_adam(), optax.scale_by_schedule(schedule), optax.scale(-1.0))
    four = optax.chain(optax.scale_by_rms(), optax.scale(learning_rate), optax.scale(-1))
    return one, two, three, four
