#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/logs.md says what the program says.  logs_md_test.sh PROGRAM DOCUMENT
"$1" schema -o markdown | diff -u "$2" - && exit
echo "$2 is out of date; mend it with: $1 schema -o markdown > $2" >&2
exit 1
