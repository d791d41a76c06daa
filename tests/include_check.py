#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: reads every #include of src/ and fails with a line for each that breaks a rule.

    include_check.py [SRC]
"""
import pathlib
import re
import sys

# Folders of src/ that may include more than base, model and themselves.
EVERYTHING = None
MAY_INCLUDE = {
    "base": set(),
    "model": {"base"},
    "pipeline": {"base", "model", "capture", "decode", "dedup", "flow", "stream", "analyze", "detect", "enrich", "emit",
                 "store", "control"},
    "app": EVERYTHING,
}
# Folders in analyze/ that are no protocols and open to all of them.
ANALYZE_SHARED = {"files", "mime"}

# What comes with the compiler and the kernel; everything else in angle brackets is third-party.
STANDARD = re.compile(r"[a-z_0-9]+")
SYSTEM_FOLDERS = ("sys/", "linux/", "net/", "netinet/", "arpa/", "asm/")
SYSTEM_FILES = {"dirent.h", "dlfcn.h", "endian.h", "fcntl.h", "getopt.h", "grp.h", "ifaddrs.h", "immintrin.h", "netdb.h",
                "poll.h", "pthread.h", "pwd.h", "sched.h", "signal.h", "termios.h", "time.h", "unistd.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(<([^>]+)>|"([^"]+)"|(\S+))')


def third_party(name):
    return not (STANDARD.fullmatch(name) or name.startswith(SYSTEM_FOLDERS) or name in SYSTEM_FILES)


def breach(source, target):
    """Why a file of src/ may not include another; None if it may."""
    from_stage, to_stage = source.parts[0], target.parts[0]
    if to_stage == "app" and from_stage != "app":
        return "only app includes app"
    if from_stage == "analyze" and to_stage == "analyze":
        from_folder = source.parts[1] if len(source.parts) > 2 else None
        to_folder = target.parts[1] if len(target.parts) > 2 else None
        if to_folder in (None, from_folder) or to_folder in ANALYZE_SHARED:
            return None
        if from_folder is None:
            return "analyze itself knows no protocol"
        return "a protocol never includes another protocol"
    if from_stage == to_stage:
        return None
    allowed = MAY_INCLUDE.get(from_stage, {"base", "model"})
    if allowed is EVERYTHING or to_stage in allowed:
        return None
    return f"{from_stage} includes only {', '.join(sorted(allowed | {from_stage}))}"


def check(src):
    breaches = []
    files = sorted(path for pattern in ("*.h", "*.cc") for path in src.rglob(pattern))
    for path in files:
        source = path.relative_to(src)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue

            def report(why):
                breaches.append(f"{path}:{number}: {match[1]}: {why}")
            if match[2]:
                if path.suffix == ".h" and third_party(match[2]):
                    report("third-party headers stay in .cc files")
                continue
            if not match[3]:
                report("an include of a macro can't be checked")
                continue
            if not (src / match[3]).is_file():
                report("no such file; paths begin in src/")
                continue
            why = breach(source, pathlib.PurePosixPath(match[3]))
            if why:
                report(why)
    return len(files), breaches


def main():
    src = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "src")
    count, breaches = check(src)
    for line in breaches:
        print(line)
    if count == 0:
        sys.exit(f"no sources in {src}")
    if breaches:
        sys.exit(f"{len(breaches)} includes break the rules (ARCHITECTURE.md)")
    print(f"{count} files, all includes within the rules")


if __name__ == "__main__":
    main()
