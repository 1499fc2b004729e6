#!/bin/sh
# openings, all score books
python train.py --books 50 "$@" && echo done
code=$?
[ $code -eq 0 ] || echo "train.py ended with $code"
exit $code
