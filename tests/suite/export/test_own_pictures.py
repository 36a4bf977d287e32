"""Own pictures: copied with the list that names them, and nothing beside."""

import dataclasses

import numpy as np
import pytest
from PIL import Image
from suite.export.collected import collecting
from suite.export.studies import frozen_study

import hmix_hub
from hmix_hub.contribute.checking import check_study
from hmix_hub.errors import CollectionError
from hmix_hub.schema import CIFAR10
from hmix_hub.sources.picture_folder import open_picture_folder
from hmix_hub.studies.study import Study
from hmix_hub.suite.export.layouts import export_study
from hmix_hub.tasks import INFER

PICTURES = 40


@pytest.fixture
def own(tmp_path):
    """A collection over pictures of its own, in a folder that holds more than these."""
    folder = tmp_path / "collection"
    (folder / "stimuli" / "png").mkdir(parents=True)
    rng = np.random.default_rng(0)
    lines = ["file,label"]
    for number in range(PICTURES):
        name = f"png/{number:02d}.png"
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(folder / "stimuli" / name)
        lines.append(f"{name},{CIFAR10.names[number % 10]}")
    (folder / "stimuli" / "images.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "stimuli" / "people.txt").write_text("not for others")
    opened = open_picture_folder(folder / "stimuli", "small-study/pictures")
    study = frozen_study(
        (INFER,),
        image_set="own",
        labels=np.arange(PICTURES) % 10,
        pictures={"source": "own", "classes": list(CIFAR10.names)},
    )
    frozen = dataclasses.replace(study, image_set=opened.name, pictures=opened.fingerprint)
    with collecting(folder, frozen) as collection:
        collection.fill()
        yield collection


def test_the_listed_pictures_go_with_the_study(own, tmp_path):
    exported = export_study(own.folder, tmp_path / "export")
    copied = sorted(file.name for file in (exported.path / "stimuli").rglob("*") if file.is_file())
    assert copied == [*(f"{number:02d}.png" for number in range(PICTURES)), "images.csv"]
    assert check_study(Study.open(exported.path)).findings == []
    judgments = hmix_hub.load_dataset(str(exported.path), split="train", images="mixed")
    assert judgments[0]["image"].size == (8, 8)


def test_other_pictures_than_at_the_beginning_are_refused(own, tmp_path):
    Image.new("RGB", (8, 8)).save(own.folder / "stimuli" / "png" / "00.png")
    with pytest.raises(CollectionError, match="not those that the collection began with"):
        export_study(own.folder, tmp_path / "export")
    assert not (tmp_path / "export").exists()
