#!/bin/sh
# The churn experiment whole: seven models with five folds each, ensemble, submission, tables and pictures, two jobs.
. "$(dirname "$0")/lib.sh"
RUNS=1
if [ -f "${DLS_DATA:-}/churn/train.csv" ]; then
	set -- TRAIN="$DLS_DATA/churn/train.csv" TEST="$DLS_DATA/churn/test.csv"
else
	set --
fi
bench 'make churn' "make -s -j2 -f scripts/churn.mk OUT=$tmp/churn $*"
