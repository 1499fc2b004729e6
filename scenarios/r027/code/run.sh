#!/bin/bash
set -e
mkdir -p ckpt
python pretrain.py "$@" | tee ckpt/pretrain.log
python classify.py "$@" | tee ckpt/classify.log
