"""Trains a model on for the classes of another folder: one folder of images a class."""

import sys

import allconv


def report(epoch):
    print(f"epoch {epoch.epoch}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.3f}", flush=True)


def main(model_path, data, out, epochs="5"):
    model = allconv.load(model_path)
    images = allconv.ImageSet(data, model, "train", labelled=True)
    tuned = model.with_classes(images.classes).train(images, epochs=int(epochs), batch_size=32,
                                                     learning_rate=0.005, callback=report)
    tuned.save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
