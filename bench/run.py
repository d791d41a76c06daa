#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the CPU time that quaywatch, the floor and other analyzers need for capture files.

Every program reads the same unpacked file from the page cache and writes its logs to a fresh folder. The
programs take turns, so that a slower minute of the machine meets all of them; the median of the runs
counts. CPU seconds are user plus system time of the program and all its children; memory is the largest
resident set of the program (at least this script's own 15 MiB, which the kernel counts in).
"""

import argparse
import gzip
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REFERENCE = "quaywatch, 1 worker"


def programs(args, trace, logs):
    """The commands to run on `trace`, by name; `logs` is their working directory."""
    commands = {}
    for workers in args.workers:
        name = f"quaywatch, {workers} worker{'s' if workers > 1 else ''}"
        commands[name] = [args.program, "read", trace, "--log-dir", logs, "--workers", str(workers)]
    commands["floor (flows only)"] = [args.floor, trace]
    peers = {
        "ndpiReader": ["-q", "-i", trace],
        "tshark": ["-n", "-r", trace],
        "zeek": ["-C", "-r", trace],
        "suricata": ["-r", trace, "-l", logs, "-k", "none", "-S", "/dev/null", "--runmode", "single"],
        "snort": ["-q", "-r", trace, "-l", logs, "-k", "none"],
    }
    for name, arguments in peers.items():
        if path := shutil.which(name):
            commands[name] = [path, *arguments]
    if args.only:
        commands = {name: command for name, command in commands.items() if re.search(args.only, name)}
    return commands


def run(command, folder, limit):
    """CPU seconds, wall seconds and peak KiB of one run, or the reason why there are none."""
    with open(os.path.join(folder, "stderr"), "wb+") as errors:
        begin = time.monotonic()
        try:
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=errors)
        except OSError as error:
            return None, str(error)
        killed = False
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - begin > limit and not killed:
                process.kill()
                killed = True
            time.sleep(0.005)
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if killed:
            return None, f"took longer than {limit} s"
        if process.returncode != 0:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            return None, f"exit code {process.returncode}" + (f": {lines[-1]}" if lines else "")
    return {"cpu": usage.ru_utime + usage.ru_stime, "wall": wall, "peak_kib": usage.ru_maxrss}, None


def unpacked(trace, folder):
    """Not every program reads packed files."""
    name, kind = os.path.splitext(os.path.basename(trace))
    if kind not in (".gz", ".zst"):
        return os.path.abspath(trace)
    plain = os.path.join(folder, name)
    with open(plain, "wb") as out:
        if kind == ".gz":
            with gzip.open(trace) as packed:
                shutil.copyfileobj(packed, out)
        else:
            subprocess.run(["zstd", "-dc", "--long=31", trace], stdout=out, check=True)
    return plain


def count(args, trace):
    """Packets, flows and wire bytes, which the floor tells."""
    said = subprocess.run([args.floor, trace], capture_output=True, text=True, check=True).stdout
    return {key: int(re.search(rf"{key} (\d+)", said).group(1)) for key in ("packets", "flows", "bytes")}


def show(progress):
    if sys.stderr.isatty():
        print(f"\r\033[K{progress}", end="", file=sys.stderr, flush=True)


def measure(args, trace, scratch):
    results, failures = {}, {}
    for turn in range(args.runs + 1):
        for name in programs(args, trace, scratch):
            if name in failures:
                continue
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                result, failure = run(programs(args, trace, folder)[name], folder, args.limit)
            if failure:
                failures[name] = failure
            elif turn > 0:  # the first turn only warms the caches
                results.setdefault(name, []).append(result)
            show(f"{os.path.basename(trace)}: turn {turn} of {args.runs}, {name}")
    show("")
    rows = []
    for name, runs in results.items():
        if name in failures:
            continue
        cpus = [r["cpu"] for r in runs]
        rows.append({
            "program": name,
            "cpu": statistics.median(cpus),
            "cpu_min": min(cpus),
            "cpu_max": max(cpus),
            "wall": statistics.median(r["wall"] for r in runs),
            "peak_kib": max(r["peak_kib"] for r in runs),
        })
    return rows, failures


def table(trace, counts, rows, failures):
    size = os.path.getsize(trace)
    print(f"{os.path.basename(trace)}: {counts['packets']:,} packets, {counts['flows']:,} flows, {size / 1e6:,.1f} MB")
    reference = next((r["cpu"] for r in rows if r["program"] == REFERENCE), None)
    head = ["program", "CPU s", "(min-max)", "ratio", "us/packet", "packets/CPU s", "MB/CPU s", "wall s", "peak MiB"]
    lines = [head]
    for row in sorted(rows, key=lambda r: r["cpu"]):
        cpu = max(row["cpu"], 1e-6)
        lines.append([
            row["program"], f"{cpu:.3f}", f"({row['cpu_min']:.3f}-{row['cpu_max']:.3f})",
            f"{cpu / reference:.2f}" if reference else "-", f"{cpu / max(counts['packets'], 1) * 1e6:.3f}",
            f"{counts['packets'] / cpu:,.0f}", f"{size / 1e6 / cpu:,.1f}", f"{row['wall']:.3f}",
            f"{row['peak_kib'] / 1024:,.1f}",
        ])
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        print("  " + line[0].ljust(widths[0]) + "".join("  " + c.rjust(w) for c, w in zip(line[1:], widths[1:])))
    for name, failure in failures.items():
        print(f"  {name}: failed: {failure}")
    if reference:
        print(f"  ratio: CPU time as a multiple of '{REFERENCE}'; below 1 is faster than it")
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traces", nargs="+", metavar="TRACE", help="pcap or pcapng, also .gz and .zst")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each program (default 5)")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="quaywatch's workers (default 1 2)")
    parser.add_argument("--only", metavar="REGEX", help="programs whose name matches")
    parser.add_argument("--limit", type=float, default=600, help="seconds for one run (default 600)")
    parser.add_argument("--json", metavar="FILE", help="write the numbers there as well")
    parser.add_argument("--program", default=os.path.join(TOP, "build/release/quaywatch"))
    parser.add_argument("--floor", default=os.path.join(TOP, "build/release/floor"))
    args = parser.parse_args()
    args.program, args.floor = os.path.abspath(args.program), os.path.abspath(args.floor)
    if not os.access(args.floor, os.X_OK):
        sys.exit(f"{args.floor} is not there: build it first (target floor)")
    report = []
    with tempfile.TemporaryDirectory(prefix="bench.") as scratch:
        for packed in args.traces:
            trace = unpacked(packed, scratch)
            counts = count(args, trace)
            rows, failures = measure(args, trace, scratch)
            table(trace, counts, rows, failures)
            report.append({"trace": os.path.basename(trace), **counts, "file_bytes": os.path.getsize(trace),
                           "programs": rows, "failures": failures})
    if args.json:
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump(report, out, indent=2)
            out.write("\n")


if __name__ == "__main__":
    main()
