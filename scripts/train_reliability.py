"""Train classifiers on human labels and on every control; print paired differences between them with intervals.

python3 scripts/train_reliability.py --quick                    minutes on two cores: a small network, five seeds
python3 scripts/train_reliability.py --device cuda --seeds 50   the authors' recipe, for a GPU

Training pictures are the authors' 7000 of CIFAR-10's test set, less 500 that temperatures are fitted to, and the 1970
judged mixtures of them; the other 3000 are for testing. One seed fixes initial weights, order, augmentation and mixing
for all arms, so arms are compared seed by seed. The folder OUT keeps one line per arm and seed (results.jsonl): the
same command resumes an interrupted run, and more --seeds extend it.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from environment import options_of, run_script
from reliability.questions import ARMS
from reliability.settings import NETWORKS, QUICK, Settings

AT_ONCE = {"cuda": 25}
"""Seeds that are stacked, by kind of device; elsewhere 5."""


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument("-o", "--out", type=Path, default=Path("build/reliability"), help="folder of results")
    parser.add_argument(
        "--quick", action="store_true", help="small network, few epochs: shows that everything works, with little power"
    )
    parser.add_argument("--device", default="cpu", help="cpu (default), cuda, cuda:1, mps, ...")
    parser.add_argument("--seeds", type=_number, default=5, metavar="N", help="seeds of each arm (default: 5)")
    parser.add_argument("--first-seed", type=_count, default=0, metavar="N", help="the first seed (default: 0)")
    parser.add_argument(
        "--at-once", type=_number, metavar="N", help="seeds trained as one stacked network (default: 5; cuda: 25)"
    )
    parser.add_argument(
        "--jobs", type=_number, metavar="N", help="stacks trained in parallel (default: 1; cpu: one per core)"
    )
    parser.add_argument("--arms", nargs="+", choices=ARMS, metavar="ARM", help=f"of {', '.join(ARMS)} (default: all)")
    parser.add_argument("--network", choices=NETWORKS, help="default: vgg11; quick: small")
    parser.add_argument("--epochs", type=_number, metavar="N", help="default: 65; quick: 8")
    parser.add_argument("--source", help="where the released files are; default: HMIX_SOURCE, else the release")
    parser.add_argument("--cifar10", help="where CIFAR-10 is; default: HMIX_CIFAR10, else the Hub")
    parser.add_argument("--splits", help="folder of the authors' split; default: HMIX_SPLITS, else downloaded")
    return parser


def _count(text: str, least: int = 0) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) >= least):
        msg = f"{text!r} is not a whole number of {least} or more"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _number(text: str) -> int:
    return _count(text, least=1)


def main(arguments: argparse.Namespace) -> None:
    """Train what has no result yet, then write tables, figure and JSON of all results of these settings."""
    from hmix_hub.errors import HMixError

    asked = {"network": arguments.network, "epochs": arguments.epochs}
    settings = replace(
        QUICK if arguments.quick else Settings(), **{name: value for name, value in asked.items() if value is not None}
    )
    try:
        _train(arguments, settings)
    except HMixError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(f"\nstopped; results so far are in {arguments.out}, and the same command resumes from there")


def _train(arguments: argparse.Namespace, settings: Settings) -> None:
    import torch
    from reliability.arms import make_arms
    from reliability.material import load_material
    from reliability.runs import FIGURE, Plan, report, run

    from hmix_hub.errors import ConfigurationError, first_line
    from hmix_hub.sources import resolve_source

    try:
        device = torch.empty(0, device=arguments.device).device
    # What torch raises depends on the device, and on how it was built.
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        msg = f"there is no device {arguments.device!r}: {first_line(error)}"
        raise ConfigurationError(msg, hint="name another with --device, such as cpu") from None
    # All batches have one shape, so benchmarking the convolution algorithms pays off.
    torch.backends.cudnn.benchmark = True
    source = resolve_source(arguments.source)
    material = load_material(source=arguments.source, cifar10=arguments.cifar10, splits=arguments.splits)
    plan = Plan(
        material,
        make_arms(material, device, arguments.arms or ARMS),
        settings,
        range(arguments.first_seed, arguments.first_seed + arguments.seeds),
        arguments.at_once or AT_ONCE.get(device.type, 5),
        device,
        arguments.jobs or (_cores() if device.type == "cpu" else 1),
        arguments.out,
    )
    run(plan)
    mark = f"{source.study.title}: these figures say nothing about people" if source.study.synthetic else ""
    print(report(plan, mark))
    print(f"wrote {arguments.out / FIGURE} and the tables next to it")


def _cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    run_script(main, options())
