"""The demo's work besides the program: `python3 tools/demo_page COMMAND`, see --help."""

import argparse
import pathlib
import sys

import answers
import page
import pictures
import results

COUNT = 500  # test images written as files


def write_pictures(arguments):
    broken = pictures.write_class_folders(arguments.data, arguments.demo / "pictures", COUNT)
    print(f"wrote {COUNT} pictures, of which {broken.relative_to(arguments.demo)} is broken")


def print_photographs(arguments):
    for answer in answers.read_photographs(results.read_rows(arguments.demo / "photographs.jsonl")):
        shares = ", ".join(f"{name} {share:.0%}" for name, share in answer.tops)
        print(f"{answer.path.name:<24} {shares or answer.row['error']['message']}")


def check_accuracy(arguments):
    accuracy = results.read_evaluation(arguments.demo / "evaluation.json")["top1"]
    if accuracy < arguments.least / 100:
        raise results.Unusable(f"the accuracy on the test images is {accuracy:.2%}, but at least "
                               f"{arguments.least:g}% was expected: the demo does not work here")
    print(f"{accuracy:.2%}")


def write_page(arguments):
    page.write(arguments.demo, COUNT)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tools/demo_page", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("pictures", help="write test images as JPEG and PNG files")
    command.add_argument("data", type=pathlib.Path, help="the folder of Fashion-MNIST's IDX files")
    command.set_defaults(run=write_pictures)
    accuracy = commands.add_parser("accuracy", help="print it; exit code 1 if it is too low")
    accuracy.add_argument("--least", type=float, default=90, help="per cent")
    accuracy.set_defaults(run=check_accuracy)
    photographs = commands.add_parser("photographs", help="print what they were taken for")
    photographs.set_defaults(run=print_photographs)
    drawn = commands.add_parser("page", help="draw index.html and its pictures")
    drawn.set_defaults(run=write_page)
    for each in (command, accuracy, photographs, drawn):
        each.add_argument("demo", type=pathlib.Path, help="the demo's folder")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        arguments.run(arguments)
    except (results.Unusable, OSError) as error:
        sys.exit(f"tools/demo: {error}")


if __name__ == "__main__":
    main()
