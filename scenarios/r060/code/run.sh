export SEED=8
export OPTIMIZER=adamw
python pretrain.py
python probe.py
