#!/bin/sh
# Convolutions of common nets: GFLOP/s of one core in each direction, and the share of what the core could do.
. "$(dirname "$0")/lib.sh"
"$(dirname "$(command -v dls-train)")/bench/kernel"
