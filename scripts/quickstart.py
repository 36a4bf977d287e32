"""Quickstart: sets everything up, then loads, filters, prints a batch of tensors and draws a picture."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from environment import options_of, run_script


def main(_: argparse.Namespace) -> None:
    """Walk through the package in five steps."""
    import hmix_hub
    from hmix_hub.sources import choose_source, resolve_source

    source, reason = choose_source()
    print(f"\nsource: {resolve_source(source).description}\n        ({reason})")

    print('\n1. ds = hmix_hub.load_dataset("h-mix", "infer_mixing_factor", split="train")')
    ds = hmix_hub.load_dataset("h-mix", "infer_mixing_factor", split="train", source=source)
    people = ds.unique("participant_id")
    print(f"   {len(ds)} judgments of {len(people)} people about {len(ds.unique('stimulus_id'))} mixed pictures")

    print(f"\n2. hmix_hub.filter(ds, participants={people[:2]})")
    print(f"   {len(hmix_hub.filter(ds, participants=people[:2]))} judgments")

    print("\n3. hmix_hub.filter(ds, mixing_coefficient=(0.25, 0.75), repeats=False)")
    print(f"   {len(hmix_hub.filter(ds, mixing_coefficient=(0.25, 0.75), repeats=False))} judgments")

    print("\n4. hmix_hub.to_tensors(ds.select(range(8)))")
    for name, tensor in hmix_hub.to_tensors(ds.select(range(8))).items():
        kind = str(tensor.dtype).removeprefix("torch.")
        first = ", ".join(f"{value:.6g}" for value in tensor.flatten()[:3].tolist())
        print(f"   {name:26} {tuple(tensor.shape)!s:8} {kind:8} {first}, ...")

    picture = Path("quickstart-infer_mixing_factor.png").absolute()
    hmix_hub.plot(ds, picture)
    print(f'\n5. hmix_hub.plot(ds, "{picture.name}")\n   wrote {picture}')

    remember = f"  export HMIX_SOURCE={source}\n" if source == "sample" else ""
    activate = Path(sys.prefix) / "bin" / "activate"
    print(
        f"\nNext, activate the environment and try\n  source {activate}\n{remember}"
        "  hmix list\n"
        "  hmix load infer_mixing_factor --mixing-coefficient 0.5 --labels dog --format csv\n"
        "  hmix plot categorical_soft_labels -o soft_labels.png"
    )


if __name__ == "__main__":
    run_script(main, options_of(__doc__))
