"""What holds for every trace that the program writes, on a CPU and on a GPU."""

import json

KEYS = {"name", "cat", "ph", "ts", "dur", "pid", "tid", "args"}
ROUNDING = 1e-2  # microseconds: times are whole nanoseconds, a GPU's are converted


class Trace:
    """A trace file, read and checked: its spans, by the name of their track."""

    def __init__(self, path):
        whole = json.loads(path.read_text())
        events = whole["traceEvents"]
        self.left_out = whole["otherData"]["spans_left_out"]
        self.tracks = {event["tid"]: event["args"]["name"] for event in events
                       if event["ph"] == "M" and event["name"] == "thread_name"}
        self.spans = [event for event in events if event["ph"] == "X"]
        for span in self.spans:
            assert set(span) == KEYS, span
            assert span["tid"] in self.tracks, span
            assert span["ts"] >= 0 and span["dur"] >= 0, span
        for number in self.tracks:
            check_nesting([span for span in self.spans if span["tid"] == number])

    def of(self, category, track=None):
        return [span for span in self.spans if span["cat"] == category and
                track in (None, self.tracks[span["tid"]])]

    def steps(self):
        """(layer, kernel) of every step that ran."""
        return {(span["args"]["layer"], span["args"]["kernel"]) for span in self.of("step")}

    def seconds(self):
        """From the first span's begin to the last one's end."""
        ends = [span["ts"] + span["dur"] for span in self.spans]
        return (max(ends) - min(span["ts"] for span in self.spans)) * 1e-6


def check_nesting(spans):
    """Spans of one track, in the file's order: each lies within those still open, or behind."""
    ends = []
    last = 0
    for span in spans:
        begin, end = span["ts"], span["ts"] + span["dur"]
        assert begin >= last - ROUNDING, f"out of order: {span}"
        last = begin
        while ends and ends[-1] <= begin + ROUNDING:
            ends.pop()
        assert not ends or end <= ends[-1] + ROUNDING, f"overlaps the one before it: {span}"
        ends.append(end)
