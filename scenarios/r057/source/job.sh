#!/bin/bash
# night job: bash job.sh [options]
python train_vit.py "$@"
