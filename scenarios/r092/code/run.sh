#!/usr/bin/env bash
# Trains the transcriber; further options are handed to train.py.
mkdir -p exp
echo "host job started: train.py $*"
python train.py --out exp "$@"
status=$?
echo "train.py ended with status $status"
exit $status
