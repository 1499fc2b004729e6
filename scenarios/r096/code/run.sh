#!/bin/bash
# usage: bash run.sh [more options for train.py]
export TOKENIZERS_PARALLELISM=false
echo "start: $(basename "$PWD")"
python train.py --out exp --updates 200 --lr 3e-3 "$@"
status=$?
echo "train.py: exit status $status"
exit $status
