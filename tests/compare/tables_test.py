#!/usr/bin/env python3
"""Statistics, choice of cells, the table, and ncnn's text: what needs no engine.

Usage: tables_test.py BENCH_COMPARE
"""

import math
import sys
import types
import unittest

sys.path.insert(0, sys.argv.pop(1))

import cells  # noqa: E402  (found through the argument)
import ncnn_files  # noqa: E402
import tables  # noqa: E402
import turns  # noqa: E402


class Agreement(unittest.TestCase):
    def test_is_the_norm_of_the_difference_over_the_norm(self):
        self.assertAlmostEqual(turns.relative_error([3.0, 4.5], [3.0, 4.0]), 0.1)
        self.assertEqual(turns.relative_error([1.0, -2.0], [1.0, -2.0]), 0)

    def test_nothing_that_is_not_a_number_or_another_size_agrees(self):
        for ours, theirs in (([math.nan, 1.0], [1.0, 1.0]), ([1.0], [math.nan]),
                             ([1.0], [math.inf]), ([1.0], [1.0, 1.0]), ([], [])):
            self.assertGreater(turns.relative_error(ours, theirs), turns.LIMITS["fp32"]["gradient"],
                               f"{ours} and {theirs}")


class Turns(unittest.TestCase):
    ENGINES = ["allconv", "oneDNN", "ncnn", "OpenVINO"]

    def order(self, seed, rounds=8):
        asked = []

        def take(engine):
            asked.append(engine)
            return float(len(asked))

        rates = turns.take_turns(self.ENGINES, rounds, seed, take)
        return asked, rates

    def test_every_round_asks_every_engine_once(self):
        asked, rates = self.order(seed=1)
        for first in range(0, len(asked), len(self.ENGINES)):
            self.assertEqual(sorted(asked[first:first + len(self.ENGINES)]),
                             sorted(self.ENGINES))
        for engine in self.ENGINES:
            self.assertEqual(rates[engine],
                             [place + 1.0 for place, name in enumerate(asked) if name == engine])

    def test_the_order_is_random_and_the_seed_repeats_it(self):
        asked, _ = self.order(seed=1)
        rounds = {tuple(asked[first:first + 4]) for first in range(0, len(asked), 4)}
        self.assertGreater(len(rounds), 2)
        self.assertEqual(asked, self.order(seed=1)[0])
        self.assertNotEqual(asked, self.order(seed=2)[0])

    def test_a_summary_is_median_and_range(self):
        self.assertEqual(turns.summary([5.0, 1.0, 2.0]), {"median": 2.0, "least": 1.0, "most": 5.0})
        self.assertEqual(turns.summary([4.0, 1.0, 2.0, 9.0])["median"], 3.0)

    def test_ratios_are_to_the_fastest_other_and_to_onednn(self):
        found = turns.ratios({"allconv": 90.0, "oneDNN": 30.0, "ncnn": 45.0})
        self.assertEqual(found, {"best_peer": "ncnn", "ratio_to_best": 2.0,
                                 "ratio_to_onednn": 3.0})

    def test_without_others_there_is_no_ratio(self):
        self.assertEqual(set(turns.ratios({"allconv": 90.0}).values()), {None})
        self.assertIsNone(turns.ratios({"allconv": 9.0, "Captum": 3.0})["ratio_to_onednn"])


class Cells(unittest.TestCase):
    def test_the_main_table_has_both_heads_in_all_modes(self):
        found = cells.make_cells(cells.chosen_networks("main"))
        self.assertEqual(len(found), 2 * (4 * 2 + 2 + 2))
        self.assertEqual({cell.options for cell in found}, {"head=valid", "head=same"})

    def test_all_networks_are_the_twelve_of_cifar_and_one_of_imagenet(self):
        found = cells.make_cells(cells.chosen_networks("all"))
        names = {cell.network for cell in found}
        self.assertEqual(len(names), 13)
        self.assertIn("all-cnn-b-imagenet", names)
        others = {cell.mode for cell in found if cell.network != "all-cnn-c"}
        self.assertEqual(others, {"inference"})

    def test_what_is_asked_for_replaces_the_usual(self):
        found = cells.make_cells(["model-a"], ["training"], [4], [1, 3])
        self.assertEqual([str(cell) for cell in found],
                         ["model-a, training, batch 4, threads 1",
                          "model-a, training, batch 4, threads 3"])


def engine(name, median, arrangement="as it is"):
    return {"name": name, "arrangement": arrangement,
            "images_per_second": {"median": median, "least": median / 2, "most": 2 * median}}


class Table(unittest.TestCase):
    RESULTS = {
        "device": "Some CPU, avx2", "cores": 2, "precision": "bf16",
        "processes": "separate processes", "rounds": 9,
        "versions": {"allconv": "0.1.0", "oneDNN": "2.6.3", "ncnn": "1.0", "Captum": "0.9"},
        "cells": [
            {"network": "all-cnn-c", "options": "head=same", "mode": "inference", "batch_size": 8,
             "threads": 2, "best_peer": "ncnn", "ratio_to_best": 1.5, "ratio_to_onednn": 3.0,
             "engines": [engine("allconv", 1500.0), engine("ncnn", 1000.0, "2 workers"),
                         engine("oneDNN", 500.0)]},
            {"network": "all-cnn-c", "options": "", "mode": "explain", "batch_size": 1,
             "threads": 2, "best_peer": None, "ratio_to_best": None, "ratio_to_onednn": None,
             "engines": [engine("allconv", 42.25)]}]}

    def setUp(self):
        text = tables.make_table(self.RESULTS)
        self.heading, _, *lines = text.splitlines()
        self.rows = [[word.strip() for word in line.strip("|").split("|")] for line in lines]

    def test_the_heading_names_processor_processes_and_versions(self):
        for words in ("Some CPU, avx2", "2 cores", "bf16", "separate processes", "9 turns",
                      "ncnn 1.0"):
            self.assertIn(words, self.heading)
        self.assertNotIn("Captum", self.heading)  # it took no part

    def test_a_row_has_each_engine_the_best_peers_arrangement_and_both_ratios(self):
        self.assertEqual(self.rows[0], ["network", "mode", "batch", "threads", "allconv", "oneDNN",
                                        "ncnn", "best peer", "to best", "to oneDNN"])
        self.assertEqual(self.rows[2], [
            "all-cnn-c head=same", "inference", "8", "2", "1,500 (750 to 3,000)",
            "500 (250 to 1,000)", "1,000 (500 to 2,000)", "ncnn: 2 workers", "1.50", "3.00"])

    def test_who_took_no_part_is_a_dash(self):
        self.assertEqual(self.rows[3][4:], ["42.2 (21.1 to 84.5)", "-", "-", "-", "-", "-"])


class NcnnText(unittest.TestCase):
    LAYERS = [
        {"op": "dropout", "rate": 0.2},
        {"op": "conv2d", "name": "conv1", "filters": 4, "kernel": [3, 5], "stride": [1, 2],
         "padding": [1, 2, 3, 4]},
        {"op": "leaky_relu", "slope": 0.25},
        {"op": "max_pool", "kernel": [3, 2], "stride": [2, 1], "padding": [0, 5, 1, 6]},
        {"op": "conv2d", "name": "conv2", "filters": 10, "kernel": [1, 1], "stride": [1, 1],
         "padding": [0, 0, 0, 0]},
        {"op": "relu"}, {"op": "global_average_pool"}, {"op": "softmax"}]

    def setUp(self):
        weights = {name: (types.SimpleNamespace(size=size), None)
                   for name, size in (("conv1", 180), ("conv2", 40))}
        text = ncnn_files.make_param(types.SimpleNamespace(
            input=(3, 8, 9), layers=self.LAYERS, weights=weights))
        self.lines = text.splitlines()

    def test_the_counts_are_those_of_layers_and_values(self):
        layers, values = map(int, self.lines[1].split())
        self.assertEqual(layers, len(self.lines) - 2)
        results = set()
        for line in self.lines[2:]:
            sources, count = map(int, line.split()[2:4])
            results.update(line.split()[4 + sources:4 + sources + count])
        self.assertEqual(values, len(results))

    def test_windows_and_activations(self):
        # Columns come before rows, and paddings are left, right, above and below.
        self.assertTrue(self.lines[3].endswith(
            "0=4 1=5 11=3 3=2 13=1 4=2 15=4 14=1 16=3 5=1 6=180 9=2 -23310=1,0.25"),
            self.lines[3])
        self.assertTrue(self.lines[4].endswith("0=0 1=2 11=3 2=1 12=2 3=5 14=6 13=0 15=1 5=1"),
                        self.lines[4])
        self.assertTrue(self.lines[5].endswith("6=40 9=1"), self.lines[5])


if __name__ == "__main__":
    unittest.main()
