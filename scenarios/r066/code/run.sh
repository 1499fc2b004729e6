#!/bin/bash
# bash run.sh [options of fit.py]
python fit.py "$@"
code=$?
echo "exit: $code"
exit $code
