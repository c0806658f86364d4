#!/usr/bin/env python3
"""Proves that the gates of the CUDA kernels find the faults they are there for: on tables and
listings made up here, and on small kernels compiled here.

Usage: checkers_test.py NVCC [NVDISASM]
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import check_code
import check_objects
import check_resources
import cubin
from expectations import Expectation, expectation_of, read_expectations

NVCC, *NVDISASM = sys.argv[1:]
del sys.argv[1:]

SPILLS_ARE_ERRORS = ("-Xptxas", "-warn-spills,-Werror")
# 64 values that live at once, in 128 registers or in 32.
SUMS_KERNEL = """
__global__ void __launch_bounds__(THREADS, BLOCKS) sums_kernel(const float* src, float* dst) {
  float sums[64] = {};
  for (int i = 0; i < 100; ++i) {
#pragma unroll
    for (int j = 0; j < 64; ++j) sums[j] += src[i * 128 + 2 * j] * sums[(j + 1) % 64];
  }
#pragma unroll
  for (int j = 0; j < 64; ++j) dst[threadIdx.x * 64 + j] = sums[j];
}
"""
NO_STACK = ("THREADS=128", "BLOCKS=1")
SPILLS = ("THREADS=1024", "BLOCKS=2")


class FilesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def compile(self, text, *flags, suffix="sm_80.cubin"):
        """The file that nvcc makes of a kernel, and whether it made one."""
        source = self.write("sums/sums_cuda.cu", text)
        target = self.root / f"sums/sums_cuda.cu.{suffix}"
        what = ["-c"] if suffix == "o" else ["-cubin"]
        done = subprocess.run([NVCC, *what, "-arch=sm_80", *flags, "-o", target, source],
                              capture_output=True, text=True, check=False)
        return target, done.returncode == 0

    def compile_sums(self, sizes, *flags, **options):
        return self.compile(SUMS_KERNEL, *(f"-D{size}" for size in sizes), *flags, **options)


class CubinTest(FilesTest):
    def test_readable_names(self):
        for demangled, name in [
                ("void allconv::kernels::(anonymous namespace)::gather_sm80_kernel<float, "
                 "128, 96, false>(allconv::kernels::GatherProblem)",
                 "gather_sm80<tf32,128x96>"),
                ("void gather_sm80_kernel<float, 64, 96, true>(float)",
                 "gather_sm80<tf32,64x96,flat>"),
                ("void gather_simt_kernel<float, 6, true>(float)", "gather_simt<fp32,6,pixels>"),
                ("void weight_gradient_sm80_kernel<__half, 96, true>(float)",
                 "weight_gradient_sm80<fp16,96,unaligned>"),
                ("void a_kernel<(allconv::kernels::ReluRule)2, __half>(float)",
                 "a<ReluRule=2,fp16>"),
                ("allconv::kernels::(anonymous namespace)::sgd_kernel(int (*)(float))", "sgd")]:
            self.assertEqual(cubin.readable(demangled), name)

    def test_kernels_of_objects_and_cubins(self):
        for suffix in ("o", "sm_80.cubin"):
            file, _ = self.compile_sums(NO_STACK, suffix=suffix)
            (image,) = cubin.images_of(file)
            self.assertEqual((image.source, image.architecture), ("sums/sums_cuda.cu", 80))
            (kernel,) = cubin.kernels_of(image.cubin)
            self.assertEqual((kernel.threads, kernel.static_shared, kernel.stack), (128, 0, 0))
            self.assertGreater(kernel.registers, 64)

    def test_what_is_no_cubin(self):
        with self.assertRaisesRegex(ValueError, "no-compress"):
            cubin.kernels_of(b"compressed")

    def test_missing_architecture(self):
        self.assertEqual(check_objects.asked_architectures(["80", "90-virtual", "100-real"]),
                         {80, 100})


class ExpectationsTest(FilesTest):
    def test_the_first_match_counts(self):
        file = self.write("expectations.txt", "# words\nsum<*,1> - - -\n\nsum<*> 8 2.5 HMMA STS\n")
        found = read_expectations(file)
        self.assertEqual(expectation_of("sum<fp16,1>", found).instructions, ())
        self.assertEqual(expectation_of("sum<fp16>", found),
                         Expectation("sum<*>", 8, 2.5, ("HMMA", "STS")))
        self.assertIsNone(expectation_of("other", found))


class CodeTest(unittest.TestCase):
    """A loop of 3 HMMA and 1 LDSM, before and behind which other instructions stand."""
    INSTRUCTIONS = ("LDG.E.128.CONSTANT", "LABEL", "LDSM.16.M88.4", "HMMA.16816.F32",
                    "HMMA.16816.F32", "HMMA.16816.F32", "BACK", "STG.E.128", "LDSM.16.M88.4")
    WANTED = Expectation("*", 0, 2.5, ("HMMA", "LDG.128", "STG.128"))

    def code(self, replaced="", by=()):
        lines = [".text.kernel:"]
        instructions = [new for old in self.INSTRUCTIONS
                        for new in (by if old == replaced else [old])]
        for number, instruction in enumerate(instructions):
            special = {"LABEL": ".L_x_1:", "BACK": "  /*00f0*/  @!UP0 BRA.U `(.L_x_1) ;"}
            line = f"        /*{number:04x}*/   @P0 {instruction} R2, R3 ;"
            lines.append(special.get(instruction, line))
        return check_code.codes_of("\n".join(lines))["kernel"]

    def assert_fault(self, code, part, wanted=WANTED):
        faults = check_code.code_faults(code, wanted)
        self.assertTrue(any(part in fault for fault in faults), f"'{part}' is not in {faults}")

    def test_good(self):
        self.assertEqual(check_code.code_faults(self.code(), self.WANTED), [])

    def test_narrow_access(self):
        self.assert_fault(self.code("STG.E.128", ["STG.E.64"]), "has no STG.128")

    def test_no_tensor_cores(self):
        code = self.code("HMMA.16816.F32", ["FFMA"])
        self.assert_fault(code, "has no HMMA")
        self.assert_fault(code, "has no loop with HMMA")

    def test_many_loads_a_product(self):
        self.assert_fault(self.code("LDSM.16.M88.4", ["LDSM.16.M88.2"] * 2), "3 HMMA for 2 LDSM")

    def test_local_memory(self):
        for opcode in check_code.LOCAL_MEMORY:
            self.assert_fault(self.code("STG.E.128", ["STG.E.128", opcode + ".64"]), f"1 {opcode}")

    def test_what_never_runs(self):
        listing = ".text.kernel:\n        /*0000*/   @!PT LDS RZ, [RZ] ;\n"
        self.assertEqual(check_code.codes_of(listing)["kernel"].opcodes, ["NOP"])

    def test_kernel_without_expectation_or_code(self):
        self.assert_fault(self.code(), "not in expectations.txt", None)
        self.assert_fault(check_code.Code(), "has no machine code")


class CompiledTest(FilesTest):
    def test_spills_end_the_compilation(self):
        self.assertTrue(self.compile_sums(NO_STACK, *SPILLS_ARE_ERRORS)[1])
        self.assertFalse(self.compile_sums(SPILLS, *SPILLS_ARE_ERRORS)[1])

    def test_spills_are_local_memory(self):
        file, _ = self.compile_sums(SPILLS)
        faults = check_resources.shape_faults(check_resources.compiled_kernels(
            [file], check_resources.Sources(pathlib.Path(file).parent)))
        self.assertRegex("\n".join(faults), r"sums_kernel.* on sm_80 has \d+ bytes of local memory|"
                                            r"sums on sm_80 has \d+ bytes of local memory")

    def test_kernel_without_bounds(self):
        file, _ = self.compile("__global__ void free_kernel(int* dst) { *dst = 1; }")
        faults = check_resources.shape_faults(check_resources.compiled_kernels(
            [file], check_resources.Sources(pathlib.Path(file).parent)))
        self.assertIn("no __launch_bounds__", "\n".join(faults))

    @unittest.skipUnless(NVDISASM, "no nvdisasm")
    def test_machine_code(self):
        wanted = Expectation("*", 0, 2.5, ("FFMA", "HMMA"))
        for sizes, local in [(NO_STACK, False), (SPILLS, True)]:
            file, _ = self.compile_sums(sizes)
            (code,) = check_code.disassembled(NVDISASM[0], cubin.images_of(file)[0]).values()
            faults = "\n".join(check_code.code_faults(code, wanted))
            self.assertIn("has no HMMA", faults)
            self.assertNotIn("FFMA", faults)
            self.assertEqual("STL, accesses to local memory" in faults, local)


class ResourcesTest(FilesTest):
    def row(self, registers=128, blocks=3, **other):
        values = {"source": "sums/a_cuda.cu", "threads": 128, "static": 64, "dynamic": 1024}
        return check_resources.Row(**{**values, **other}, fits={80: (registers, blocks)})

    def assert_fault(self, row, part):
        faults = check_resources.table_faults({"sums": row}, {"sums": self.row()})
        self.assertTrue(any(part in fault for fault in faults), f"'{part}' is not in {faults}")

    def test_table_is_read_as_written(self):
        rows = {"sums": self.row(), "more<fp16,128x96>": self.row(96, 5, source="sums/b_cuda.cu")}
        file = self.write("resources.txt", check_resources.table_text("13.0", rows))
        self.assertEqual(check_resources.read_table(file), ("13.0", rows))

    def test_as_the_table_or_better(self):
        table = {"sums": self.row()}
        for row in (self.row(), self.row(120, 4), self.row(static=0)):
            self.assertEqual(check_resources.table_faults({"sums": row}, table), [])

    def test_more_than_the_table(self):
        self.assert_fault(self.row(registers=129), "129 registers, the table says 128")
        self.assert_fault(self.row(blocks=2), "fits 2 times, the table says 3")
        self.assert_fault(self.row(static=65), "static 65")
        self.assert_fault(self.row(dynamic=2048), "dynamic 2048")

    def test_kernels_and_rows_without_each_other(self):
        faults = check_resources.table_faults({"new": self.row()}, {"old": self.row()})
        self.assertEqual(len(faults), 2)

    def test_few_warps(self):
        wanted = [Expectation("sums", 8, 0.0, ())]
        for name, blocks, part in [("sums", 1, "4 warps"), ("new", 2, "says nothing")]:
            faults = check_resources.warp_faults({name: self.row(blocks=blocks)}, wanted)
            self.assertIn(part, "\n".join(faults))
        self.assertEqual(check_resources.warp_faults({"sums": self.row(blocks=2)}, wanted), [])

    def test_two_kernels_of_one_name(self):
        kernel = cubin.Kernel("k", 128, 32, 0, 0)
        compiled = [(source, 80, "sums", kernel) for source in ("a/a_cuda.cu", "b/b_cuda.cu")]
        _, faults = check_resources.rows_of(compiled, [(None, 8)] * 2)
        self.assertIn("too: rename one", faults[0])

    def test_launches_that_are_not_known(self):
        self.write("a/a_cuda.cu", "auto* stages = dynamic_shared_memory<float>();")
        compiled = [("a/a_cuda.cu", 80, "sums", None)]
        self.assertIn("launches.cpp",
                      check_resources.unlisted_faults(compiled, [(None, 8)], self.root)[0])
        self.assertEqual(check_resources.unlisted_faults(compiled, [(64, 8)], self.root), [])


if __name__ == "__main__":
    unittest.main()
