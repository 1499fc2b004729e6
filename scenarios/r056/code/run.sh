#!/usr/bin/env bash
# encode the corpus once, then train; a few seconds on a laptop
set -e
SEED=5
python prepare.py --seed $SEED --pairs 3000
python train.py config.yaml --seed $SEED
