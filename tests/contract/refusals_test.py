"""What cannot be meant is refused: the contract's exit code, one sentence, nothing on stdout."""

from checks import Check, main, save

COMMANDS = ["train", "score", "evaluate", "bench", "plan", "inspect", "networks", "recipes", "tune",
            "merge", "report", "explain", "patches", "convert"]
WRONG_TRAINING = [
    "--epochs 0", "--epochs -1", "--epochs 1.5", "--epochs 99999999999999999999", "--batch-size 0",
    "--learning-rate nan", "--learning-rate -0.1", "--learning-rate x", "--momentum -1",
    "--weight-decay inf", "--schedule step", "--schedule step:", "--schedule step:0",
    "--schedule step:5,5", "--schedule step:1,x", "--schedule linear", "--warm-up -1",
    "--on-dead-start maybe", "--warm-up 201", "--warm-up 3 --schedule cosine --epochs 3",
    "--dropout 0.1",
    "--dropout 0,0,0,0", "--dropout 0.1,1,0.1", "--dropout 0,-0.1,0", "--dropout ,,",
    "--prepare gray", "--augment spin", "--augment shift:x", "--augment crop:0",
    "--augment heavy,flip", "--augment flip,flip", "--seed x", "--threads 0",
    "--threads -2", "--threads two", "--device tpu", "--device cuda:x", "--precision fp8",
    "--workspace-limit -1", "--workspace-limit x", "--workspace-limit 1", "--network nothing",
    "--network-options head", "--network-options head=wide", "--network-options width=2",
    "--network-options ladder=23", "--classes 1", "--classes 5", "--frobnicate", "--epochs",
    "stray"]


class Refusals(Check):

    def setUp(self):
        super().setUp()
        for seed in range(4):
            save(self.folder / "data" / "ab"[seed % 2] / f"{seed}.png", seed)
        self.data, self.out = self.folder / "data", self.folder / "out.safetensors"

    def test_training(self):
        for flags in WRONG_TRAINING:
            with self.subTest(flags):
                flag = flags.split()[0]
                words = [] if "network" in flag or flag in ("--dropout", "--classes") else [flag]
                self.refuse(2, "train", self.data, "-o", self.out, *flags.split(), words=words)
                self.assertFalse(self.out.exists())

    def test_commands(self):
        self.refuse(2, "frobnicate", words=["frobnicate"])
        self.refuse(2, words=["command"])

    def test_scoring(self):
        model = self.model()
        for flags in ("--shard 2/2", "--shard 0/0", "--shard -1/2", "--shard 1", "--shard 1/2/3",
                      "--shard a/b", "--shard 0x0/1", "--decode slow", "--max-pixels -1",
                      "--max-pixels nan", "--top-k 0"):
            with self.subTest(flags):
                self.refuse(2, "score", model, self.data, "-o", self.folder / "o.jsonl",
                            *flags.split(), words=flags.split()[:1])
        self.refuse(2, "score", model, self.data, "-o", self.folder / "o.csv", "--logits",
                    words=["--logits"])
        self.refuse(2, "merge", "-o", self.folder / "o.csv", words=["OUT"])
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["data", "model.safetensors"])

    def test_devices_that_are_not_there(self):
        for flags in (["--device", "cuda:99"], ["--precision", "fp16", "--device", "cpu"],
                      ["--precision", "tf32", "--device", "cpu"]):
            with self.subTest(flags):
                self.refuse(5, "train", self.data, "-o", self.out, *flags, words=flags[:1])

    def test_paths(self):
        for flags in (["--metrics", self.folder / "no" / "m.jsonl"], ["--validate", "/no/data"],
                      ["--network", "/no/network.json"], ["--init", "/no/model.safetensors"],
                      ["--tuning-file", "/no/tuning.json"],
                      ["--trace", self.folder / "no" / "m.json"], ["-o", self.folder / "no" / "m"],
                      ["-o", self.folder]):
            with self.subTest(flags):
                out = [] if flags[0] == "-o" else ["-o", self.out]
                self.refuse(6, "train", self.data, *out, *flags, "--epochs", 1,
                            words=[str(flags[1]).rsplit("/m", 1)[0]])
                self.assertFalse(self.out.exists())

    def test_initial_model(self):
        model = self.model(classes=["a", "b", "c"])
        save(self.data / "d" / "1.png", 1)
        self.refuse(2, "train", self.data, "-o", self.out, "--init", model, words=['"d"'])
        self.refuse(2, "train", self.data, "-o", self.out, "--init", model, "--prepare", "none",
                    words=["--prepare"])

    def test_help_of_every_command(self):
        for command in COMMANDS:
            result = self.succeed(command, "--help")
            self.assertEqual(result.stderr, "")
            self.assertIn(f"allconv {command}", result.stdout)
            self.assertIn("xample", result.stdout)


if __name__ == "__main__":
    main()
