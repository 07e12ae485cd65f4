#!/usr/bin/env python3
"""The layer check finds what it must find: a small made tree with one fault of each kind."""
import pathlib
import tempfile
import unittest

import layers


class LayersTest(unittest.TestCase):
    def found(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            return [(path, number) for path, number, _ in layers.violations(root)]

    def test_allowed_directions_pass(self):
        self.assertEqual([], self.found({
            "engine/base/a.h": "#include <string>\n",
            "engine/vision/b.cpp": '#include "engine/base/a.h"\n#include <opencv2/core.hpp>\n',
            "engine/runtime/c.cpp": '#include "engine/vision/b.h"\n',
            "engine/vision/b.h": "",
        }))

    def test_siblings_do_not_know_each_other(self):
        self.assertEqual([("engine/vision/b.cpp", 2)], self.found({
            "engine/media/a.h": "",
            "engine/vision/b.cpp": '#include <vector>\n#include "engine/media/a.h"\n',
        }))

    def test_lower_layers_do_not_look_up(self):
        self.assertEqual([("engine/base/b.cpp", 1)], self.found({
            "kernels/include/kernels/a.h": "",
            "engine/base/b.cpp": '#include "kernels/include/kernels/a.h"\n',
        }))

    def test_third_party_stays_in_its_folder(self):
        self.assertEqual([("engine/runtime/a.cpp", 1), ("ui/b.cpp", 2)], self.found({
            "engine/runtime/a.cpp": "#include <QString>\n",
            "ui/b.cpp": "#include <QWidget>\n  #  include <vulkan/vulkan.h>\n",
        }))

    def test_private_headers_and_strange_folders(self):
        self.assertEqual([("misc/x.cpp", 0), ("ui/canvas/a.cpp", 1)], sorted(self.found({
            "engine/runtime/b_p.h": "",
            "ui/canvas/a.cpp": '#include "engine/runtime/b_p.h"\n',
            "misc/x.cpp": "",
        })))


if __name__ == "__main__":
    unittest.main()
