#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do the documents still speak of what is there? Fails with a line for each link that leads nowhere, and for each file,
function and constant in `backticks` that the sources do not have.

    docs_check.py [TOP]
"""
import pathlib
import re
import subprocess
import sys

# Look like names of ours, but are none.
FOREIGN = {"CamelCase"}

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]*)(#[^)\s]*)?\)")
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FILE = re.compile(r"[\w./*<>{},-]+\.(?:h|cc|py|def)")
NAME = re.compile(r"(?:\w+::)*(?:[A-Z][a-z]\w+|k[A-Z]\w+)(?:::\w+)*")


def tracked(top):
    listed = subprocess.run(["git", "-C", top, "ls-files", "-z"], capture_output=True, check=False).stdout.decode()
    files = [name for name in listed.split("\0") if name]
    return files or [str(path.relative_to(top)) for path in top.rglob("*") if path.is_file() and "build" not in path.parts]


def anchors(text):
    """Those that GitHub makes of headings."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        found.add("#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return found


def broken_links(top, path, text):
    for target, anchor in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        file = (path.parent / target).resolve() if target else path
        if not file.exists():
            yield f"link to {target}, which is not there"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8")):
            yield f"link to {target}{anchor}: there is no such heading"


def unknown_names(text, files, words):
    for code in CODE.findall(text):
        if FILE.fullmatch(code):
            if not re.search(r"[*<>{}]", code) and not any(name == code or name.endswith("/" + code) for name in files):
                yield f"`{code}`: no such file"
        elif NAME.fullmatch(code):
            for word in code.split("::"):
                if word not in words and word not in FOREIGN:
                    yield f"`{code}`: the sources have no {word}"


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    files = tracked(top)
    words = set()
    for name in files:
        if name.endswith((".h", ".cc", ".def", ".txt", ".cmake")):
            words.update(re.findall(r"\w+", (top / name).read_text(encoding="utf-8", errors="replace")))
    wrong = count = 0
    for name in files:
        if not name.endswith(".md"):
            continue
        count += 1
        path = top / name
        text = path.read_text(encoding="utf-8")
        for complaint in (*broken_links(top, path, text), *unknown_names(text, files, words)):
            print(f"{name}: {complaint}")
            wrong += 1
    if wrong:
        sys.exit(f"{wrong} things in the documents are not so")
    print(f"{count} documents, all links and names lead somewhere")


if __name__ == "__main__":
    main()
