#!/usr/bin/env bash
# submitted with: sbatch -c 2 job.sh
echo "job $(basename "$0") in $(basename "$PWD")"
python train_bats.py "$@"
rc=$?
echo "finished with exit code $rc"
exit $rc
