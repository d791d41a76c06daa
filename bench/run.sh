#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What ./dev bench runs: measures on the traces given, or on one that is made from real servers first.
# Options of bench/run.py may come along.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

for argument in "$@"; do
  [[ ! -f $argument && $argument != -h && $argument != --help ]] || exec bench/run.py "$@"
done
trace=build/bench/servers.pcap
if [[ ! -s $trace ]]; then
  as_root=()
  [[ $(id -u) -eq 0 ]] || as_root=(sudo)
  "${as_root[@]}" bench/traffic/make.sh --out "$trace"
fi
exec bench/run.py "$@" "$trace"
