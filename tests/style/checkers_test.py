#!/usr/bin/env python3
"""Proves that every style check finds the fault it is there for, and leaves good code alone."""

import pathlib
import tempfile
import unittest

import check_includes
import check_kernels
import check_lengths
import check_library
import check_numbers
import check_symbols
import check_text
import check_walkthrough
from cpp_source import Source
from tree import Tree


class CheckerTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def faults(self, check):
        return check.find_faults(Tree(self.root))

    def assert_fault(self, check, part):
        faults = self.faults(check)
        self.assertTrue(any(part in fault for fault in faults), f"'{part}' is not in {faults}")

    def assert_clean(self, check):
        self.assertEqual(self.faults(check), [])


def functions(text):
    return {function.name: function for function in Source(text).functions()}


class CppSourceTest(unittest.TestCase):
    def test_functions_of_all_kinds(self):
        found = functions("""
            namespace a::b {
            template <class T, int kN = (3 > 2)> int free_function(const T& x) { return x; }
            class Thing : public Base<int, 2> {
             public:
              explicit Thing(int a, std::map<int, int> b = {}) : a_(a), b_{b} { go(); }
              ~Thing() override {}
              int operator()(int i, int j) const { return i + j; }
              Thing& operator=(const Thing&) = default;
              bool operator==(const Thing& other) const noexcept { return true; }
             private:
              int a_ = f(1, 2);
              std::array<int, 2> array_{1, 2};
            };
            enum class Kind { one, two };
            const auto kTable = [](int x) { return x; };
            int Thing::outside(int a) const { return a; }
            extern "C" { void c_function(void* data) { use(data); } }
            }
        """)
        self.assertEqual(list(found), ["free_function", "Thing", "operator()", "operator==",
                                       "Thing::outside", "c_function"])
        self.assertEqual(found["operator()"].parameters, 2)
        self.assertEqual(found["free_function"].parameters, 1)

    def test_comments_and_strings_are_not_code(self):
        source = Source('int f() { /* { */ return g("// {", \'{\', R"(} " {)"); }  // }\n'
                        'int h() {\n}\n')
        self.assertEqual([(f.name, f.lines) for f in source.functions()], [("f", 1), ("h", 2)])
        self.assertEqual(source.comment_lines(), {1})

    def test_nesting_counts_statements_with_and_without_braces(self):
        found = functions("""
            void flat() { call({1, 2}); if (a) b(); else if (c) d(); else e(); }
            void loops() { for (;;) for (;;) { while (x) y(); } }
            void lambda() { each(range, [&](int i) { if (i) go(); }); }
            void chosen() { switch (x) { case A::b: if (y) z(); break; default: break; } }
        """)
        self.assertEqual({name: f.nesting for name, f in found.items()},
                         {"flat": 1, "loops": 3, "lambda": 2, "chosen": 2})

    def test_cuda_kernels(self):
        found = functions("""
            template <Rule kRule>
            __global__ void __launch_bounds__(kThreads) scale(Grid grid, const float* src,
                                                              float* dst) {
              if (grid.count) dst[0] = src[0];
            }
        """)
        self.assertEqual([(f.name, f.parameters) for f in found.values()], [("scale", 3)])


class LengthsTest(CheckerTest):
    def test_good(self):
        self.write("kernels/a.cpp", "int f(int x) {\n  return x;\n}\n")
        self.assert_clean(check_lengths)

    def test_long_function(self):
        self.write("kernels/a.cpp", "int f() {\n" + "  g();\n" * 119 + "}\n")
        self.assert_fault(check_lengths, "kernels/a.cpp:f: function_lines 121")

    def test_long_file(self):
        self.write("engine/a.hpp", "int x;\n" * 551)
        self.assert_fault(check_lengths, "file_lines 551")

    def test_parameters_and_nesting(self):
        self.write("engine/a.cpp", "void f(int a, int b, int c, int d, int e, int g, int h) {\n"
                   "if (a) if (b) for (;;) while (c) do d(); while (e);\n}\n")
        self.assert_fault(check_lengths, "parameters 7")
        self.assert_fault(check_lengths, "nesting 5")

    def test_percentile_and_half_of_lines(self):
        self.write("engine/a.cpp", ("void f() {\n" + "  g();\n" * 58 + "}\n") * 4)
        self.assert_fault(check_lengths, "function_lines: the 99th percentile is 60")
        self.assert_fault(check_lengths, "half of all lines")

    def test_exceptions(self):
        self.write("engine/a.hpp", "int x;\n" * 560)
        for path in "bcdefghijk":
            self.write(f"engine/{path}.hpp", "int x;\n")
        self.write(check_lengths.EXCEPTIONS, "file_lines engine/a.hpp 600 a table of figures\n")
        self.assert_clean(check_lengths)
        self.write(check_lengths.EXCEPTIONS, "file_lines engine/a.hpp 600\n")
        self.assert_fault(check_lengths, "reason in words")
        self.write(check_lengths.EXCEPTIONS, "file_lines engine/b.hpp 600 was long one day\n")
        self.assert_fault(check_lengths, "engine/b.hpp needs no exception")


class TextTest(CheckerTest):
    GOOD = "// What this is for.\n" + "int x;\n" * 9

    def test_good(self):
        self.write("engine/a.cpp", self.GOOD + "//     example(of, use);\n")
        self.assert_clean(check_text)

    def test_comment_share(self):
        self.write("engine/a.cpp", "int x;\n" * 20)
        self.assert_fault(check_text, "0.0% of the lines")
        self.write("engine/a.cpp", "// Words.\n" * 10 + "int x;\n" * 20)
        self.assert_fault(check_text, "33.3% of the lines")

    def test_columns(self):
        self.write("tests/style/a.py", "x" * 101 + "\n")
        self.assert_fault(check_text, "tests/style/a.py:1: 101 columns")

    def test_conditionals(self):
        self.write("engine/a.cpp", "#if X\n#endif\n" + self.GOOD)
        self.assert_fault(check_text, "1 conditional directives")

    def test_left_behind(self):
        for bad, part in [("// TODO: more", "finish"), ("/* FIXME */", "finish"),
                          ("#if 0", "never runs"), ("if (false) f();", "never runs"),
                          ("// return x + 1;", "code in a comment"),
                          ("// values.push_back(3);", "code in a comment"),
                          ("// const int x = 3;", "code in a comment"),
                          ("/*\n for (int i = 0; i < 3; ++i) {\n*/", "code in a comment")]:
            self.write("engine/a.cpp", bad + "\n")
            self.assert_fault(check_text, part)

    def test_prose_is_no_code(self):
        for prose in ("what follows (see there);", "counts up to n; then it stops,",
                      "if the file ends early, an error;", "sum of f(x) over all x; 0 for none"):
            self.assertFalse(check_text.is_commented_out_code(" " + prose), prose)


class KernelsTest(CheckerTest):
    BLOCK = ("// relu_forward_cpu_simd: max.\n// Layout: (n,h,w,c). Requires nothing.\n"
             "// Bound by: memory.\n")

    def table(self, *names):
        return "".join(f'plain_row<Relu>("{name}"),\n' for name in names)

    def good(self):
        self.write("kernels/relu/table.cpp",
                   self.table("relu_forward_cpu_avx2", "relu_forward_reference"))
        self.write("kernels/relu/cpu_simd.cpp", self.BLOCK)
        self.write("kernels/relu/reference.cpp", self.BLOCK)

    def test_good(self):
        self.good()
        self.write("kernels/relu/common_onednn.hpp", "")
        self.assert_clean(check_kernels)

    def test_row_without_file(self):
        self.good()
        self.write("kernels/relu/table.cpp", self.table("relu_backward_cpu_winograd",
                                                        "relu_forward_cpu_avx512"))
        self.assert_fault(check_kernels, "row relu_backward_cpu_winograd has no file")

    def test_file_without_row(self):
        self.good()
        self.write("kernels/relu/forward_cpu_onednn.cpp", self.BLOCK)
        self.assert_fault(check_kernels, "forward_cpu_onednn.cpp: no row")

    def test_block(self):
        self.good()
        self.write("kernels/relu/cpu_simd.cpp", self.BLOCK.replace("Bound by", "Fast as"))
        self.assert_fault(check_kernels, "cpu_simd.cpp: its opening block does not say 'Bound by'")
        self.write("kernels/relu/reference.cpp", "#include <x>\n")
        self.assert_fault(check_kernels, "reference.cpp: its opening block does not say 'Layout'")
        self.write("kernels/relu/forward_cuda.cu", self.BLOCK)
        self.assert_fault(check_kernels, "forward_cuda.cu: its opening block does not say 'Shared")

    def test_shapes(self):
        self.good()
        self.write("kernels/relu/cpu_simd.cpp", self.BLOCK + "int x;  // (see there)\n" * 90)
        self.assert_fault(check_kernels, "2 shapes in comments of 96 lines")


class IncludesTest(CheckerTest):
    def include(self, path, *included):
        for target in included:
            if not (self.root / target).exists():
                self.write(target, "")
        self.write(path, "".join(f'#include "{target}"\n' for target in included))

    def test_good(self):
        self.include("engine/graph/a.cpp", "engine/support/error.hpp", "kernels/core/x.hpp")
        self.include("tools/cli/main.cpp", "engine/train/loop.hpp", "tools/cli/a.hpp")
        self.include("kernels/relu/cpu_simd.cpp", "kernels/simd/vector.hpp",
                     "kernels/relu/problem.hpp")
        self.assert_clean(check_includes)

    def test_upward(self):
        for path, target in [("engine/graph/a.hpp", "engine/plan/plan.hpp"),
                             ("kernels/core/a.hpp", "engine/support/error.hpp"),
                             ("engine/api/a.cpp", "tools/cli/a.hpp"),
                             ("tools/cli/b.cpp", "tests/data/c.hpp"),
                             ("examples/a.cpp", "engine/api/a.hpp"),
                             ("include/allconv/a.hpp", "kernels/core/x.hpp")]:
            with self.subTest(path=path):
                self.assertFalse(check_includes.may_include(path, target))
        self.include("engine/graph/a.hpp", "engine/plan/plan.hpp")
        self.assert_fault(check_includes, "engine/plan/plan.hpp, which stands above")

    def test_core_and_simd(self):
        self.include("kernels/core/a.hpp", "kernels/relu/problem.hpp")
        self.assert_fault(check_includes, "core, simd and ptx know none")
        self.include("kernels/relu/cpu_simd.cpp", "kernels/relu/reference.hpp")
        self.assert_fault(check_includes, "compiled for an instruction set")

    def test_cycle_beside_and_unknown_room(self):
        self.include("kernels/a/x.hpp", "kernels/a/y.hpp")
        self.include("kernels/a/y.hpp", "kernels/a/x.hpp")
        self.assert_fault(check_includes, "include cycle")
        self.write("engine/graph/z.hpp", "")
        self.write("engine/graph/z.cpp", '#include "z.hpp"\n')
        self.assert_fault(check_includes, "beside itself")
        self.write("engine/attic/z.hpp", "")
        self.assert_fault(check_includes, "no room of this name")

    def test_public_header(self):
        self.include("include/allconv/allconv.hpp",
                     *(f"include/allconv/part{index}.hpp" for index in range(7)))
        self.assert_fault(check_includes, "reaches 7 own headers")


class NumbersTest(CheckerTest):
    TABLE = "| what | time | ratio |\n|---|---|---|\n| conv | 1.25 ms | 0.97x |\n\n"

    def test_good(self):
        self.write("README.md", self.TABLE + "Measured: `allconv bench x`, machine: AMD EPYC "
                   "(2 cores), commit: 1a2b3c4\n")
        self.write("docs/words.md", "| flag | meaning |\n|---|---|\n| -o | the output |\n")
        self.assert_clean(check_numbers)

    def test_no_source(self):
        self.write("README.md", self.TABLE + "Fast, is it not?\n")
        self.assert_fault(check_numbers, "README.md:1: numbers without a line")
        self.write("README.md", "")
        self.write("docs/a/b.md", "Text.\n\n" + self.TABLE + "Measured: `x`, commit: 1a2b3c4\n")
        self.assert_fault(check_numbers, "docs/a/b.md:3: numbers without")


class WalkthroughTest(CheckerTest):
    GOOD = ("## Add a kernel\n1. `kernels/<operation>/<kernel>_cpu.cpp`: the code\n"
            "## Add an operation\n1. `kernels/<operation>/table.cpp`: rows\n"
            "## Add a network\n1. `engine/graph/networks.cpp`: layers\n")

    def setUp(self):
        super().setUp()
        for path in ("kernels/relu/fast_cpu.cpp", "kernels/relu/table.cpp",
                     "engine/graph/networks.cpp"):
            self.write(path, "")

    def test_good(self):
        self.write("CONTRIBUTING.md", self.GOOD)
        self.assert_clean(check_walkthrough)

    def test_faults(self):
        self.assert_fault(check_walkthrough, "'Add a kernel' names 0 files")
        self.write("CONTRIBUTING.md", self.GOOD + "2. `engine/gone.cpp`: lists\n3. Think.\n")
        self.assert_fault(check_walkthrough, "nothing in the tree looks like engine/gone.cpp")
        self.assert_fault(check_walkthrough, "'Think.' opens with no file")
        self.write("CONTRIBUTING.md", self.GOOD + "2. `kernels/relu`\n3. `engine/graph`\n")
        self.assert_fault(check_walkthrough, "'Add a network' names 3 files")


class SymbolsTest(unittest.TestCase):
    def test_foreign_symbols(self):
        listing = ("0000000000000000 T allconv::kernels::avx2::relu_forward(float const*)\n"
                   "0000000000000000 W std::vector<float>::push_back(float const&)\n"
                   "0000000000000000 V DW.ref.__gxx_personality_v0\n"
                   "0000000000000010 T allconv::kernels::relu_reference(float const*)\n")
        self.assertEqual(check_symbols.foreign_symbols(listing, "allconv::kernels::avx2"),
                         ["std::vector<float>::push_back(float const&)",
                          "allconv::kernels::relu_reference(float const*)"])

    def test_library_that_prints_or_ends_the_process(self):
        listing = """
error.cpp.o:
                 U allconv::Error::Error()
                 U memcpy
                 U exit
                 U std::cerr
"""
        self.assertEqual(check_library.forbidden_symbols(listing), ["exit", "std::cerr"])
        self.assertEqual(check_library.forbidden_symbols("\nkernel.cu.o:\n  U exit\n  U puts"),
                         ["puts"])

    def test_library_with_variables(self):
        listing = """
Name                  Value           Class        Type         Size             Line  Section
allconv::count      |0000000000000000|   b  |            OBJECT|0000000000000004|     |.bss
allconv::kNames     |0000000000000000|   d  |            OBJECT|0000000000000010|     |.data.rel.ro
allconv::last_error |0000000000000000|   D  |            OBJECT|0000000000000008|     |.data.rel
allconv::run()      |0000000000000000|   T  |              FUNC|0000000000000008|     |.text
"""
        self.assertEqual(check_library.variables(listing),
                         ["allconv::count", "allconv::last_error"])


if __name__ == "__main__":
    unittest.main()
