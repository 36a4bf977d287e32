"""Quickstart: sets everything up, then loads, filters and draws judgments, and says what to do next."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from environment import ROOT, options_of, run_script

SHOWN = ["image_1_label", "image_2_label", "mixing_coefficient", "inferred_coefficient", "confidence"]
PICTURE = "quickstart.png"


def main(_: argparse.Namespace) -> None:
    """Walk through the package: four calls, what each returns, and one picture."""
    import hmix_hub
    from hmix_hub.sources import choose_source, resolve_source

    source, reason = choose_source()
    print(f"\nData: {resolve_source(source).description}; {reason}\n")

    print('>>> ds = hmix_hub.load_dataset("h-mix", "infer_mixing_factor", split="train")')
    ds = hmix_hub.load_dataset("h-mix", "infer_mixing_factor", split="train", source=source)
    participants, stimuli = len(ds.unique("participant_id")), len(ds.unique("stimulus_id"))
    print(f"{len(ds):,} judgments of {stimuli:,} mixed pictures by {participants} participants, such as")
    print(hmix_hub.to_pandas(ds.select(range(3)))[SHOWN].to_string(index=False))

    print("\n>>> hmix_hub.filter(ds, mixing_coefficient=(0.25, 0.75), repeats=False)")
    print(f"{len(hmix_hub.filter(ds, mixing_coefficient=(0.25, 0.75), repeats=False)):,} judgments")

    print(f"\n>>> hmix_hub.to_tensors(ds, {SHOWN[2:4]})")
    for name, tensor in hmix_hub.to_tensors(ds, SHOWN[2:4]).items():
        print(f"{name}: {tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}")

    hmix_hub.plot(ds, PICTURE)
    print(f'\n>>> hmix_hub.plot(ds, "{PICTURE}")')
    print(f"what was perceived, against what was shown: {Path(PICTURE).absolute()}")

    print("\nNext:")
    for command, comment in _next_commands(is_synthetic=source == "sample").items():
        print(f"  {command:43}{comment and f' # {comment}'}".rstrip())
    print(f'To train a model on these judgments: "Load, filter, train" in {ROOT / "README.md"}')


def _next_commands(*, is_synthetic: bool) -> dict[str, str]:
    """Return commands to go on with, and what each is for; where the data are synthetic, how to get real ones."""
    activate = Path(sys.prefix, "Scripts" if os.name == "nt" else "bin", "activate")
    of_sample = {
        "hmix doctor": "why these are not the real data, and how to get them",
        "export HMIX_SOURCE=sample": "until then",
    }
    return {
        f"source {activate}": "",
        **(of_sample if is_synthetic else {}),
        "hmix load infer_mixing_factor --labels dog": "the same table in the terminal",
        "hmix explore": "every stimulus and what participants answered, in the browser",
    }


if __name__ == "__main__":
    run_script(main, options_of(__doc__))
