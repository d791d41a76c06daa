#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: ./dev bench [--micro] [OPTION...] [TRACE...]
#   without traces  on build/bench/servers.pcap, which is made first from real servers (needs root)
#   TRACE           pcap or pcapng, also .gz and .zst
#   --micro         runs the micro-benchmarks of the modules (*_bench) instead
#   OPTION          of bench/run.py (--runs, --workers, --only, --json: see bench/run.py --help), or, with
#                   --micro, of Google Benchmark
# Compares CPU time and memory with other programs, then tells what each stage costs, and what it costs to count
# each connection once.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

micro='' traces=() options=()
for argument in "$@"; do
  case $argument in
    -h|--help) sed -n '4,11s/^# \{0,1\}//p' bench/run.sh; exit ;;
    --micro) micro=yes ;;
    *) if [[ -f $argument ]]; then traces+=("$argument"); else options+=("$argument"); fi ;;
  esac
done

if [[ -n $micro ]]; then
  for program in build/release/*_bench; do
    [[ $program != */stages_bench ]] || continue
    echo "== $(basename "$program")"
    "$program" "${options[@]}"
  done
  exit
fi

if [[ ${#traces[@]} -eq 0 ]]; then
  traces=(build/bench/servers.pcap)
  if [[ ! -s ${traces[0]} ]]; then
    as_root=()
    [[ $(id -u) -eq 0 ]] || as_root=(sudo)
    "${as_root[@]}" bench/traffic/make.sh --out "${traces[0]}.part"
    mv "${traces[0]}.part" "${traces[0]}"
  fi
fi
bench/run.py "${traces[@]}" "${options[@]}"
echo 'What each stage costs, with one worker:'
build/release/stages_bench "${traces[@]}"
echo 'What counting each connection once and naming its ends costs:'
build/release/dedup_cost "${traces[@]}"
