import argparse
import dataclasses
import logging
import sys

from trainer import Config, HalfTrainer

parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
for field in dataclasses.fields(Config):
    parser.add_argument("--" + field.name.replace("_", "-"), type=field.type, default=field.default)

if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    HalfTrainer(Config(**vars(parser.parse_args()))).fit()
