#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
import pathlib
import tempfile
import unittest

import include_check


class IncludeCheck(unittest.TestCase):
    def breaches(self, **files):
        """Each keyword is a file ('a__b_h' is a/b.h), each value its includes."""
        with tempfile.TemporaryDirectory() as folder:
            src = pathlib.Path(folder)
            for name in ("base/bytes.h", "model/flow.h", "flow/table.h", "stream/reassembler.h", "analyze/context.h",
                         "analyze/mime/entity.h", "analyze/dns/parse.h", "pipeline/worker.h", "app/watch.h"):
                (src / name).parent.mkdir(parents=True, exist_ok=True)
                (src / name).write_text("")
            for name, includes in files.items():
                path = src / (name.replace("__", "/")[:-2].rstrip("_") + "." + name.rsplit("_", 1)[1])
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("".join(f"#include {include}\n" for include in includes))
            return [line.rsplit(": ", 1)[1] for line in include_check.check(src)[1]]

    def test_stages(self):
        self.assertEqual(self.breaches(flow__x_cc=['"base/bytes.h"', '"model/flow.h"', '"flow/table.h"']), [])
        self.assertEqual(self.breaches(flow__x_cc=['"stream/reassembler.h"']), ["flow includes only base, flow, model"])
        self.assertEqual(self.breaches(model__x_h=['"flow/table.h"']), ["model includes only base, model"])
        self.assertEqual(self.breaches(detect__x_cc=['"analyze/context.h"']), ["detect includes only base, detect, model"])
        self.assertEqual(self.breaches(pipeline__x_cc=['"flow/table.h"', '"analyze/dns/parse.h"']), [])
        self.assertEqual(self.breaches(pipeline__x_cc=['"app/watch.h"']), ["only app includes app"])
        self.assertEqual(self.breaches(app__x_cc=['"pipeline/worker.h"', '"flow/table.h"']), [])

    def test_protocols(self):
        self.assertEqual(self.breaches(analyze__dns__x_cc=['"analyze/context.h"', '"analyze/mime/entity.h"']), [])
        self.assertEqual(self.breaches(analyze__http__x_cc=['"analyze/dns/parse.h"']),
                         ["a protocol never includes another protocol"])
        self.assertEqual(self.breaches(analyze__x_cc=['"analyze/dns/parse.h"']), ["analyze itself knows no protocol"])

    def test_third_party(self):
        self.assertEqual(self.breaches(base__x_cc=["<fmt/format.h>", "<zlib.h>"]), [])
        self.assertEqual(self.breaches(base__x_h=["<vector>", "<string_view>", "<sys/mman.h>", "<unistd.h>"]), [])
        self.assertEqual(self.breaches(base__x_h=["<fmt/format.h>"]), ["third-party headers stay in .cc files"])
        self.assertEqual(self.breaches(base__x_h=["<zlib.h>"]), ["third-party headers stay in .cc files"])

    def test_paths(self):
        self.assertEqual(self.breaches(flow__x_cc=['"table.h"']), ["no such file; paths begin in src/"])


if __name__ == "__main__":
    unittest.main()
