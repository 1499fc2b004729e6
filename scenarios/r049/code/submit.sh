#!/bin/bash
# The short queue ends jobs after 400 updates; the second job goes on where the first one stopped.
set -e
mkdir -p run
python train.py --updates 400 "$@" > run/job1.log
python train.py --updates 400 --continue-from run/model_last.pt "$@" > run/job2.log
cat run/job1.log run/job2.log
