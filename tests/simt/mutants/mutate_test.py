#!/usr/bin/env python3
"""Proves that mutate.py finds what it is to delete, and sees where a list of survivors is wrong."""

import unittest

import mutate
import sites

SOURCE = """\
#include "kernels/core/part.hpp"
// if (a < b) return; in a comment
constexpr int rounds(int n) { return n > 4 ? 4 : n; }

__device__ inline int place_of(const Part& part, int at) {
  if (at >= part.count) return -1;
  const bool inside = at < part.last && !(at < part.first);
  return inside ? part.begin + at : -1;
}

template <class Element, int kWidth>
__global__ void __launch_bounds__(256, 2)
    copy_kernel(Part part, const Element* src, std::vector<int> other) {
  __shared__ Element stage[64];
  for (int i = 0; i < part.count; ++i) {
    ptx::cp_async_16(stage + i, src + (i < 4 ? 0 : i), i >= part.first);
    ptx::cp_async_commit();
  }
  ptx::cp_async_wait<kWidth - 1>();
  __syncthreads();
  const int last = min(part.last, middle(part));
  if (threadIdx.x < 32u) __syncwarp();
  while (last > 0) consume(stage);
}

int blocks(int count) { return count > 9 ? 9 : count; }
"""
HEADER = """\
struct Part {
  int count, first, last, begin;
};
constexpr int middle(const Part& part) { return part.last > 2 ? part.last / 2 : 1; }
constexpr int grid_of(const Part& part) { return part.last > 3 ? 3 : 4; }
"""
TEXTS = {"kernels/copy/cuda.cu": SOURCE, "kernels/core/part.hpp": HEADER}


def found_in(path):
    device = sites.device_functions({name: sites.hide(text) for name, text in TEXTS.items()})
    return sites.sites_of(TEXTS[path], device[path])


class SitesTest(unittest.TestCase):
    def test_finds_everything_and_turns_it_the_right_way(self):
        found = [(one.kind, one.function, one.deleted, one.replacement)
                 for one in found_in("kernels/copy/cuda.cu")]
        self.assertEqual(found, [
            ("predicate", "place_of", "at >= part.count", "false"),
            ("predicate", "place_of", "at < part.last", "true"),
            ("predicate", "place_of", "at < part.first", "false"),
            ("predicate", "place_of", "inside", "true"),
            ("predicate", "copy_kernel", "i < 4", "false"),
            ("predicate", "copy_kernel", "i >= part.first", "true"),
            ("copy", "copy_kernel", "ptx::cp_async_commit();", ";"),
            ("copy", "copy_kernel", "ptx::cp_async_wait<kWidth - 1>();", ";"),
            ("barrier", "copy_kernel", "__syncthreads();", ";"),
            ("predicate", "copy_kernel", "min(part.last, middle(part)) to part.last",
             "(part.last)"),
            ("predicate", "copy_kernel", "min(part.last, middle(part)) to middle(part)",
             "(middle(part))"),
            ("predicate", "copy_kernel", "threadIdx.x < 32u", "true"),
            ("barrier", "copy_kernel", "__syncwarp();", ";"),
            ("predicate", "copy_kernel", "last > 0", "true"),
        ])

    def test_follows_calls_into_headers(self):
        self.assertEqual([(one.function, one.deleted) for one in found_in("kernels/core/part.hpp")],
                         [("middle", "part.last > 2")])

    def test_counts_what_stands_twice(self):
        text = "__device__ void one() {\n  __syncthreads();\n  __syncthreads();\n}\n"
        found = sites.sites_of(text, sites.functions(text))
        self.assertEqual([one.deleted for one in found],
                         ["__syncthreads();", "__syncthreads(); #2"])
        self.assertEqual(found[1].applied_to(text),
                         "__device__ void one() {\n  __syncthreads();\n  ;\n}\n")


class MutantsTest(unittest.TestCase):
    def test_knows_the_units_that_a_header_reaches(self):
        reached = mutate.reaching_units(dict(TEXTS, **{"kernels/other/cuda.cu": "int i;\n"}))
        self.assertEqual(reached["kernels/core/part.hpp"], {"kernels/copy/cuda.cu"})
        self.assertEqual(reached["kernels/other/cuda.cu"], {"kernels/other/cuda.cu"})

    def test_finds_mutants_of_the_project(self):
        names = [one.name for one in mutate.mutants_of(mutate.ROOT)]
        self.assertEqual(len(names), len(set(names)))
        self.assertIn("kernels/relu/forward_cuda.cu",
                      {unit for one in mutate.mutants_of(mutate.ROOT) for unit in one.units})
        for part in ("__syncthreads();", "cp_async_wait", "<", ">="):
            self.assertTrue(any(part in name for name in names), part)

    def test_says_what_a_failing_suite_says(self):
        self.assertEqual(mutate.first_fault("harness.cpp:1: Failure\nFailed\n3 of 4 are wrong\n"
                                            "[  FAILED  ] relu.relu_cuda/n1 (3 ms)\n"),
                         "relu.relu_cuda/n1: 3 of 4 are wrong")


class SurvivorsTest(unittest.TestCase):
    LIST = ("| file | function | deleted | reason |\n|---|---|---|---|\n"
            "| `kernels/a/cuda.cu` | `one` | `i < n` | reads a neighbour |\n"
            "| `kernels/a/cuda.cu` | `two` | `j < n` | |\n")
    ONE, TWO = "kernels/a/cuda.cu one: i < n", "kernels/a/cuda.cu two: j < n"

    def faults(self, outcomes, everything=(ONE, TWO)):
        return mutate.disagreements(outcomes, mutate.listed_survivors(self.LIST), set(everything))

    def test_agrees_with_a_right_list(self):
        self.assertEqual(self.faults({self.ONE: "survived", self.TWO: "survived"}),
                         [f"{self.TWO}: has no reason in SURVIVORS.md"])

    def test_sees_what_is_wrong(self):
        self.assertIn("remove the row", self.faults({self.ONE: "caught"})[0])
        self.assertIn("add a test", self.faults({"kernels/a/cuda.cu three: k < n": "survived"})[0])
        self.assertIn("no kernel has it", self.faults({}, everything=[self.ONE])[0])
        self.assertIn("not tested", self.faults({self.ONE: "not tested"})[0])


if __name__ == "__main__":
    unittest.main()
