#!/bin/bash
# two slots of the short queue
set -e
mkdir -p logs
python train.py --until 130 "$@" > logs/slot1.log 2>&1
python train.py --resume "$@" > logs/slot2.log 2>&1
tail -n 2 logs/slot2.log
