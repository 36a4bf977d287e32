"""The built-in sample study: synthetic, made by a generator and not by people, in the layout of the release.

It has the four tasks of H-Mix and all oddities of the released files, so that code that works on it works on them.
"""

from __future__ import annotations

from hmix_hub.tasks import CONSTRUCT, INFER

STUDY_ID = "sample"
IMAGE_SET = "sample/pictures"

SAMPLE_FILES: dict[str, tuple[int, str]] = {
    "hmix_construct_midpoint.csv": (55586, "7ef01ea48009c10757a3b3c85fc9c93697a8e92d18bc53e25f2e26ebb24e03c9"),
    "hmix_select_shuffled_midpoint.csv": (50384, "17f3196ce6509e08f9fc830d9445c61a8e122eb3c570c847a321ef57a58f3865"),
    "hmix_infer_mixing_factor.csv": (295363, "211ac444bda744f22909b2f7e59ef96fb1cbf31b2c672b92b8f94618b05c20af"),
    "hmix_categorical_soft_labels.csv": (106512, "5bd54ad00222ed59ae144e1fdaf346c2150bb338851798978a7267cfa3058757"),
    "processed_hmix_inferences.json": (143506, "ced73a017b4e7fc2d551572b2129eeed126dcb3add985ee09f966c4ec53aa275"),
    "hmix_individ_soft_labels.json": (24000, "c6bb02283985658ffdb35885324045093cf5299fd8f1bdbf8d1d35eb8e950fdf"),
}
"""Bytes and sha256 of each file."""

ROUNDS_BY_CONDITION = {CONSTRUCT: {0: "1", 1: "1", 2: "1", 7: "2"}}
ROUNDS_BY_ROW = {INFER: (("B", 372), ("A", 492), ("C", 372))}
