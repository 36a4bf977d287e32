"""Remixing: batches of image pairs mixed anew, and labelled by a HumanMixup."""

import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import hmix_hub
from hmix_hub.errors import ConfigurationError
from hmix_hub.perception.curves import ConfidenceCurve

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


class Model:
    """People who take more of what they see for the class of the lower code."""

    def __init__(self, classes):
        self.classes = tuple(classes)

    def shares(self, coefficients):
        code = torch.arange(len(self.classes), dtype=torch.float64)
        favour = 0.5 * torch.sign(code - code[:, None])
        return torch.as_tensor(coefficients)[:, None, None].pow(2**-favour)


@pytest.fixture
def mixup(load_sample):
    return hmix_hub.HumanMixup(Model(load_sample().features["image_1_label"].names), 0.8, seed=5)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("keep_in_memory", [True, False])
def test_a_batch_holds_the_pairs_mixed_anew_and_what_people_see_in_them(keep_in_memory, device, mixup, load_sample):
    dataset = load_sample()
    columns = ["image_1_label", "image_2_label", "mixing_coefficient"]
    options = {"images": "endpoints", "columns": columns, "keep_in_memory": keep_in_memory, "device": device}
    for batch in hmix_hub.batches(dataset, 300, mix=mixup, normalize="cifar10", **options):
        remixed = hmix_hub.mix(batch["image_1"], batch["image_2"], batch["coefficient"])
        assert torch.equal(batch["image"], remixed)
        labels = mixup.relabel(batch["coefficient"], batch["image_1_label"], batch["image_2_label"])
        assert torch.equal(batch["mixup"], labels)
        assert batch["image_1_label"].tolist() == dataset.select(batch["row"].tolist())["image_1_label"][:]
        assert len(batch["coefficient"].unique()) > len(batch["row"]) - 3
        assert not torch.equal(batch["coefficient"].double(), batch["mixing_coefficient"].double())


def test_what_was_not_asked_for_is_not_there(mixup, load_sample):
    names = ["image", "mixup", "coefficient", "row"]
    assert list(next(iter(hmix_hub.batches(load_sample(), 8, mix=mixup)))) == names
    assert list(next(iter(hmix_hub.batches(load_sample(), 8, mix=mixup, images=None)))) == names[1:]
    loader = hmix_hub.batches(load_sample(), 8, mix=mixup, columns="trial_index", targets="mixup")
    assert "each holds image [8, 3, 32, 32], mixup [8, 10], coefficient [8], trial_index, row [8]" in repr(loader)
    assert set(next(iter(loader))) == {*names, "trial_index"}
    both = hmix_hub.batches(load_sample(), 8, mix=mixup, images="endpoints")
    assert "coefficient [8], image_1 [8, 3, 32, 32], image_2 [8, 3, 32, 32], row [8]" in repr(both)


def test_every_task_that_shows_pairs_can_be_mixed_anew(config, mixup, load_sample):
    batch = next(iter(hmix_hub.batches(load_sample(config), 16, mix=mixup)))
    assert batch["image"].shape == (16, 3, 32, 32)
    torch.testing.assert_close(batch["mixup"].sum(1), torch.ones(16))


def test_epochs_draw_new_coefficients_and_a_seed_decides_them(mixup, load_sample):
    dataset = load_sample()

    def drawn(mix, **options):
        loader = hmix_hub.batches(dataset, 500, images=None, mix=mix, **options)
        epochs = []
        for _ in range(2):
            epoch = torch.zeros(len(dataset))
            for batch in loader:
                epoch[batch["row"]] = batch["coefficient"]
            epochs.append(epoch)
        return epochs

    first, second = drawn(mixup)
    assert len(torch.cat([first, second]).unique()) > 2 * len(dataset) - 10
    mixup.coefficients(7)
    assert all(torch.equal(one, other) for one, other in zip((first, second), drawn(mixup), strict=True))
    other = hmix_hub.HumanMixup("identity", 0.8, seed=6, classes=10)
    assert not torch.equal(drawn(other)[0], first)
    assert float(mixup.stream.position) == 7


@settings(max_examples=12)
@given(st.integers(1, 60), st.integers(1, 3), st.booleans())
def test_coefficients_do_not_depend_on_batches_or_processes(batch_size, world_size, smoothed):
    dataset = hmix_hub.load_dataset("h-mix", split="train[:60]", source="sample")
    curve = ConfidenceCurve((0.5,), (0.7,)) if smoothed else None
    mixup = hmix_hub.HumanMixup("identity", seed=1, classes=10, uncertainty=curve)
    whole = next(iter(hmix_hub.batches(dataset, 60, images=None, mix=mixup)))
    expected = dict(zip(whole["row"].tolist(), whole["mixup"].tolist(), strict=True))
    for rank in range(world_size):
        part = hmix_hub.batches(dataset, batch_size, images=None, mix=mixup, rank=rank, world_size=world_size)
        for batch in part:
            assert [expected[row] for row in batch["row"].tolist()] == batch["mixup"].tolist()


def test_a_resumed_state_gives_the_next_batch(mixup, load_sample):
    loader = hmix_hub.batches(load_sample(), 200, mix=mixup, images=None)
    never_stopped, states = [], []
    for _ in range(2):
        for batch in loader:
            never_stopped.append(batch)
            states.append(pickle.dumps(loader.state_dict()))
    for stop in (2, len(states) // 2):
        resumed = hmix_hub.batches(load_sample(), 200, mix=mixup, images=None)
        resumed.load_state_dict(pickle.loads(states[stop]))
        rest = [batch for _ in range(2) for batch in resumed]
        for ours, theirs in zip(never_stopped[stop + 1 :], rest, strict=False):
            assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_state_of_another_mixup_is_refused(mixup, load_sample):
    names = mixup.classes
    state = hmix_hub.batches(load_sample(), 8, mix=mixup, images=None).state_dict()
    again = hmix_hub.HumanMixup(Model(names), 0.8, seed=5)
    hmix_hub.batches(load_sample(), 8, mix=again, images=None).load_state_dict(state)
    for other in (
        hmix_hub.HumanMixup(Model(names), 0.8, seed=6),
        hmix_hub.HumanMixup(Model(names), 0.9, seed=5),
        hmix_hub.HumanMixup("identity", 0.8, seed=5, classes=names),
        None,
    ):
        with pytest.raises(ConfigurationError, match="to other batches: its mix"):
            hmix_hub.batches(load_sample(), 8, mix=other, images=None).load_state_dict(state)


def test_one_coefficient_for_each_batch_is_that_of_all_its_rows(load_sample):
    mixup = hmix_hub.HumanMixup("identity", per_sample=False, seed=1, classes=10)
    drawn = [batch["coefficient"].unique() for batch in hmix_hub.batches(load_sample(), 100, images=None, mix=mixup)]
    assert {len(each) for each in drawn} == {1}
    assert len(set(map(float, drawn))) == len(drawn)


def test_what_cannot_be_mixed_anew_is_refused(mixup, load_sample):
    dataset = load_sample()
    for options, told in (
        ({"mix": lambda images, labels: (images, labels)}, "takes an hmix_hub.HumanMixup"),
        ({"targets": "human"}, "the only target is 'mixup'"),
        ({"targets": ["mixup", "shown"]}, "the only target is 'mixup'"),
        ({"targets": None}, "the only target is 'mixup'"),
        ({"dtype": torch.uint8}, "a floating dtype"),
        ({"images": "both"}, "images are"),
        ({"device": "bogus"}, "bogus"),
        ({"mix": hmix_hub.HumanMixup(Model(["cat", "dog"]))}, "the dataset has the classes airplane"),
        ({"mix": hmix_hub.HumanMixup(Model(mixup.classes[::-1]))}, "the dataset has the classes airplane"),
        ({"mix": hmix_hub.HumanMixup("identity", classes=3)}, "10 classes, but mix= has 3"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            hmix_hub.batches(dataset, 8, **({"mix": mixup} | options))
    with pytest.raises(ConfigurationError, match="two things called 'coefficient'"):
        hmix_hub.batches(dataset.add_column("coefficient", [0.5] * len(dataset)), 8, mix=mixup, columns="coefficient")
    with pytest.raises(ConfigurationError, match="needs two images"):
        hmix_hub.batches(dataset.map(lambda row: {"image_2_label": None}), 8, mix=mixup)
