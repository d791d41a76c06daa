#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden captures: each folder of tests/golden/ holds a capture and the logs expected of it.

golden_test.py PROGRAM [FOLDER]      exits 1 and shows the lines that differ; tests/golden/make --logs writes
the logs anew after a change that means to change them.
"""
import difflib, os, subprocess, sys, tempfile


def lines(path):
    # The headers' times are those of the packets, but their order within a log is not what is tested.
    with open(path, encoding='utf-8') as log:
        return sorted(line for line in log if not line.startswith(('#open', '#close')))


def differences(program, case):
    expected = {f for f in os.listdir(case) if f.endswith('.log')}
    capture = next(os.path.join(case, f) for f in os.listdir(case) if '.pcap' in f)
    found = []
    for workers in ('1', '3'):
        with tempfile.TemporaryDirectory() as out:
            done = subprocess.run([program, 'read', capture, '--log-dir', out, '--workers', workers],
                                  capture_output=True, text=True)
            if done.returncode != 0 or done.stderr:
                found.append(f'exit {done.returncode}: {done.stderr}')
            made = {f for f in os.listdir(out) if f.endswith('.log')}
            found += [f'{f} is missing' for f in sorted(expected - made)]
            found += [f'{f} is there but not expected' for f in sorted(made - expected)]
            for log in sorted(expected & made):
                found += difflib.unified_diff(lines(os.path.join(case, log)), lines(os.path.join(out, log)),
                                              f'expected/{log}', f'{workers} workers/{log}', n=0)
    return found


def main():
    program = os.path.abspath(sys.argv[1])
    folder = sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.path.dirname(os.path.abspath(__file__)), 'golden')
    cases = sorted(d.path for d in os.scandir(folder) if d.is_dir())
    failed = 0
    for case in cases:
        found = differences(program, case)
        failed += bool(found)
        for line in found:
            print(f'{os.path.basename(case)}: {line}'.rstrip())
    print(f'{len(cases) - failed} passed, {failed} failed')
    return 1 if failed or not cases else 0


if __name__ == '__main__':
    sys.exit(main())
