#%% buggy: clipping last
#% file: train.py
import optax

tx = optax.chain(
    optax.adam(1e-3),
    optax.clip_by_global_norm(1.0),  # BUG
)
#%% buggy: decay last
#% file: train.py
import optax

tx = optax.chain(optax.clip(1.0), optax.sgd(0.1, momentum=0.9), optax.add_decayed_weights(1e-4))  # BUG
#%% correct: before the optimizer
#% file: train.py
import optax

tx = optax.chain(optax.clip_by_global_norm(1.0), optax.add_decayed_weights(1e-4), optax.sgd(0.1, momentum=0.9))
ty = optax.chain(optax.scale_by_adam(), optax.add_decayed_weights(1e-4), optax.scale(-1e-3))
tz = optax.chain(optax.adam(1e-3), optax.zero_nans(), optax.keep_params_nonnegative())
