"""Batches: what they hold, whatever their size, and the memory that they lie in."""

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from datasets import concatenate_datasets

import hmix_hub
from hmix_hub.errors import ConfigurationError
from hmix_hub.training.pictures import Memory


def test_a_batch_holds_the_pictures_targets_and_columns_of_its_rows(config, targets, load_sample):
    dataset = load_sample(config)
    rendered = hmix_hub.render(dataset)
    for batch in hmix_hub.batches(dataset, 32, targets=targets, columns=["image_1_label"]):
        rows = batch["row"]
        torch.testing.assert_close(batch["image"], rendered[rows].float() / 255)
        assert batch["image_1_label"].tolist() == dataset.select(rows.tolist())["image_1_label"][:]
        for name in targets:
            assert batch[name].shape == (len(rows), 10)
            torch.testing.assert_close(batch[name].sum(1), torch.ones(len(rows)))


def test_endpoints_are_those_of_the_rows(config, load_sample):
    dataset = load_sample(config)
    if "task" not in dataset.column_names or "mixing_coefficient" not in dataset.column_names:
        return
    share = torch.tensor(dataset["mixing_coefficient"][:])
    mixed = hmix_hub.render(dataset)
    for batch in hmix_hub.batches(dataset, 64, images="endpoints", targets="shown"):
        remixed = hmix_hub.mix(batch["image_1"], batch["image_2"], share[batch["row"]])
        assert (remixed * 255 - mixed[batch["row"]]).abs().max() < 1.01


def test_read_from_mapped_files_they_are_the_same(config, targets, load_sample):
    dataset = load_sample(config)
    for images in ("mixed", "endpoints", None):
        options = {"images": images, "targets": targets, "seed": 4, "normalize": "cifar10", "columns": ["pair_id"][:0]}
        in_memory = hmix_hub.batches(dataset, 50, **options)
        mapped = hmix_hub.batches(dataset, 50, keep_in_memory=False, **options)
        for ours, theirs in zip(in_memory, mapped, strict=True):
            assert ours.keys() == theirs.keys()
            assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize(
    "options",
    [{}, {"keep_in_memory": False}, {"keep_in_memory": False, "buffer_size": 90}],
)
def test_batches_of_any_size_hold_what_their_rows_say(options, load_sample):
    dataset = load_sample()
    rendered, human = hmix_hub.render(dataset), targets_of(dataset, "human")
    for batch_size in (1, 7, 100, 341, 342, 1000):
        loader = hmix_hub.batches(dataset.select(range(400)), batch_size, **options)
        rows = []
        for batch in loader:
            rows += batch["row"].tolist()
            assert all(len(tensor) == len(batch["row"]) <= batch_size for tensor in batch.values())
            torch.testing.assert_close(batch["image"], rendered[batch["row"]].float() / 255)
            assert torch.equal(batch["human"], human[batch["row"]])
        assert sorted(rows) == list(range(400))


def test_what_is_written_into_a_batch_is_in_no_other(load_sample):
    dataset = load_sample().select(range(64))
    seen = list(hmix_hub.batches(dataset, 8))
    untouched = [{name: tensor.clone() for name, tensor in batch.items()} for batch in seen]
    for tensor in seen[3].values():
        tensor.zero_()
    for number, (batch, before) in enumerate(zip(seen, untouched, strict=True)):
        assert all(torch.equal(batch[name], before[name]) for name in before) == (number != 3)


def test_what_is_done_to_a_batch_is_no_business_of_autograd_in_another(load_sample):
    weight = torch.ones(3, 1, 1, requires_grad=True)
    loader = iter(hmix_hub.batches(load_sample(), 8))
    first, second, third = (next(loader) for _ in range(3))
    loss = (weight * first["image"]).square().sum()
    second["image"].add_(1)
    second["row"].add_(1)
    loss.backward()
    assert weight.grad is not None
    second["image"].add_(weight)
    assert not third["image"].requires_grad


def test_any_selection_of_rows_will_do(load_sample):
    dataset = hmix_hub.filter(load_sample(), mixing_coefficient=(0.25, 0.75), repeats=False)
    batch = next(iter(hmix_hub.batches(dataset, 16, shuffle=False)))
    assert torch.equal(batch["image"], hmix_hub.render(dataset.select(range(16))).float() * (1 / 255))


def test_pictures_can_stay_bytes_or_be_normalised(load_sample):
    dataset = load_sample().select(range(300))
    raw = next(iter(hmix_hub.batches(dataset, 300, dtype=torch.uint8, shuffle=False)))
    assert torch.equal(raw["image"], hmix_hub.render(dataset))
    mean, std = (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)
    scaled = next(iter(hmix_hub.batches(dataset, 300, normalize=(mean, std), dtype=torch.float64, shuffle=False)))
    expected = (raw["image"].double() / 255 - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    torch.testing.assert_close(scaled["image"], expected, rtol=1e-6, atol=1e-6)


def targets_of(dataset, name, **options):
    return next(iter(hmix_hub.batches(dataset, len(dataset), images=None, targets=name, shuffle=False, **options)))[
        name
    ]


def test_targets_are_what_their_names_say(load_sample):
    dataset = load_sample()
    rows = dataset.to_list()
    both = {name: targets_of(dataset, name, dtype=torch.float64) for name in ("shown", "human", "human_weighted")}
    uniform = targets_of(dataset, "human_weighted", toward="uniform", dtype=torch.float64)
    for i, row in enumerate(rows):
        one, two = row["image_1_label"], row["image_2_label"]
        shown, human = (np.zeros(10) for _ in range(2))
        shown[one], shown[two] = row["mixing_coefficient"], 1 - row["mixing_coefficient"]
        human[one], human[two] = row["inferred_coefficient"], 1 - row["inferred_coefficient"]
        sure = row["confidence"]
        np.testing.assert_allclose(both["shown"][i], shown)
        np.testing.assert_allclose(both["human"][i], human)
        np.testing.assert_allclose(both["human_weighted"][i], sure * human + (1 - sure) * shown, atol=1e-12)
        np.testing.assert_allclose(uniform[i], sure * human + (1 - sure) / 10, atol=1e-12)


def test_of_stimuli_they_are_means_over_judgments(load_sample):
    dataset = load_sample()
    stimuli = hmix_hub.by_stimulus(dataset)
    for toward in ("shown", "uniform"):
        for name in ("human", "human_weighted"):
            of_judgments = targets_of(dataset, name, toward=toward, dtype=torch.float64)
            of_stimuli = targets_of(stimuli, name, toward=toward, dtype=torch.float64)
            ids = np.array(dataset["stimulus_id"][:])
            for i, stimulus in enumerate(stimuli["stimulus_id"][:20]):
                np.testing.assert_allclose(of_stimuli[i], of_judgments[ids == stimulus].mean(0), atol=1e-12)


def test_soft_labels_are_those_of_the_table(load_sample):
    for config, column in (
        ("categorical_soft_labels", "soft_label"),
        ("categorical_soft_labels_by_stimulus", "mean_soft_label"),
    ):
        dataset = load_sample(config)
        np.testing.assert_allclose(targets_of(dataset, "soft_label", dtype=torch.float64), dataset[column][:])


@pytest.mark.parametrize("keep_in_memory", [True, False])
def test_codes_of_ids_are_those_of_the_whole_dataset(keep_in_memory, load_sample):
    dataset = concatenate_datasets([load_sample()] * 4)
    loader = hmix_hub.batches(
        dataset, 100, images=None, columns=["participant_id", "flags", "confidence"], keep_in_memory=keep_in_memory
    )
    people = loader.vocabularies["participant_id"]
    for batch in loader:
        found = [people[code] for code in batch["participant_id"].tolist()]
        assert found == dataset.select(batch["row"].tolist())["participant_id"][:]
        assert batch["flags"].shape[1] == len(loader.vocabularies["flags"])


def test_codes_can_be_shared_by_parts(load_sample):
    halves = hmix_hub.split(load_sample(), by="participant", fractions={"train": 0.5, "test": 0.5})
    train = hmix_hub.batches(load_sample(), 8, images=None, columns="participant_id")
    test = hmix_hub.batches(
        halves["test"], len(halves["test"]), images=None, columns="participant_id", vocabularies=train.vocabularies
    )
    batch = next(iter(test))
    names = [train.vocabularies["participant_id"][code] for code in batch["participant_id"]]
    assert names == halves["test"].select(batch["row"].tolist())["participant_id"][:]
    rows = hmix_hub.JudgmentDataset(load_sample(), images=None, columns="participant_id")
    assert rows.vocabularies == train.vocabularies


@pytest.mark.parametrize("name", ["image", "human", "row"])
def test_two_things_of_one_name_are_refused(name, load_sample):
    dataset = load_sample(images="mixed").select(range(4))
    if name not in dataset.column_names:
        dataset = dataset.add_column(name, [1, 2, 3, 4])
    with pytest.raises(ConfigurationError, match=f"two things called '{name}'"):
        hmix_hub.batches(dataset, 2, columns=[name])


def test_the_label_shown_is_that_of_the_picture_on_the_screen(load_sample):
    dataset = load_sample("construct_midpoint")
    answered, seen = (targets_of(dataset, "shown", on_screen=on) for on in (False, True))
    for row, one, other in zip(dataset, answered, seen, strict=True):
        share = row["selected_coefficient"]
        assert one[row["image_1_label"]] == pytest.approx(share)
        if "endpoint_not_shown" in row["flags"]:
            share = 0.9 if share == 1 else 0.1
        assert other[row["image_1_label"]] == pytest.approx(share)


def test_no_targets_can_be_asked_for(load_sample):
    assert set(next(iter(hmix_hub.batches(load_sample(), 4, targets=None)))) == {"image", "row"}
    loader = hmix_hub.batches(load_sample(), 100, images=None, targets=None)
    assert sorted(row for batch in loader for row in batch["row"].tolist()) == list(range(len(load_sample())))


def test_a_dataset_without_the_columns_of_pictures_says_so(load_sample):
    dataset = load_sample().remove_columns(["image_set"])
    for call in (hmix_hub.batches, hmix_hub.JudgmentDataset, hmix_hub.render, hmix_hub.add_images):
        with pytest.raises(ConfigurationError, match="lacks the columns image_set"):
            call(dataset)


@pytest.mark.parametrize(
    "options",
    [
        {"images": "both"},
        {"targets": "soft"},
        {"targets": "soft_label"},
        {"toward": "nothing", "targets": "human_weighted"},
        {"dtype": torch.int64},
        {"dtype": torch.uint8, "normalize": "cifar10"},
        {"normalize": (0.5, 0.5)},
        {"normalize": ((0, 0, 0), (1, 1, 0))},
        {"batch_size": 0},
        {"rank": 1},
        {"epoch": -1},
        {"columns": ["nothing"]},
        {"device": "bogus"},
        {"normalize": ((0, 0, 0), (1, 1, float("nan")))},
    ],
)
def test_what_makes_no_sense_is_refused(options, load_sample):
    with pytest.raises(ConfigurationError):
        hmix_hub.batches(load_sample(), **({"batch_size": 8} | options))


def test_an_empty_dataset_gives_no_batches(load_sample):
    assert list(hmix_hub.batches(load_sample().select([]), 8)) == []


def test_memory_comes_back_only_when_nobody_sees_it():
    memory = Memory()
    shape = (1 << 19,)
    first = memory.empty(shape, torch.float32)
    address = first.data_ptr()
    view = first[10:20]
    del first
    gc.collect()
    assert memory.empty(shape, torch.float32).data_ptr() != address
    weight = torch.ones(10, requires_grad=True)
    loss = (weight * view).sum()
    del view
    gc.collect()
    held = [memory.empty(shape, torch.float32) for _ in range(3)]
    assert address not in [tensor.data_ptr() for tensor in held]
    del loss, held
    gc.collect()
    again = [memory.empty(shape, torch.float32) for _ in range(4)]
    assert address in [tensor.data_ptr() for tensor in again]


def test_a_block_is_lent_to_one_holder_at_a_time():
    memory, shape = Memory(), (1 << 18,)

    def use(number):
        for _ in range(200):
            tensor = memory.empty(shape, torch.float32)
            tensor.fill_(number)
            assert (tensor == number).all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(use, range(4)))


def test_a_smaller_tensor_takes_a_larger_block():
    memory = Memory()
    address = memory.empty((1 << 20,), torch.float32).data_ptr()
    smaller = memory.empty((1 << 19,), torch.float32)
    assert smaller.data_ptr() == address
    assert address % 64 == 0
    assert smaller.untyped_storage().nbytes() == 4 << 19


def test_batches_kept_by_their_holder_are_not_written_over(load_sample):
    dataset = load_sample()
    kept = list(hmix_hub.batches(dataset, 400))
    for batch in kept:
        torch.testing.assert_close(batch["image"], hmix_hub.render(dataset)[batch["row"]].float() / 255)


def test_without_targets_named_batches_hold_what_the_answers_are(config, load_sample):
    dataset = load_sample(config)
    expected = "soft_label" if "categorical" in config else "human"
    assert set(next(iter(hmix_hub.batches(dataset, 4, images=None)))) == {expected, "row"}
    assert set(hmix_hub.JudgmentDataset(dataset, images=None)[0]) == {expected}
    assert set(hmix_hub.JudgmentDataset(dataset, images="endpoints", targets=None)[0]) == {"image_1", "image_2"}


def test_what_batches_hold_can_be_read(load_sample):
    dataset = load_sample("categorical_soft_labels")
    loader = hmix_hub.batches(dataset, 100, columns="top_class", seed=3)
    assert repr(loader) == (
        "Batches(216 rows in 3 batches of up to 100; each holds image [100, 3, 32, 32], soft_label [100, 10], "
        "top_class, row [100] on cpu; epoch 0, shuffled with seed 3)"
    )
    list(loader)
    assert "epoch 1" in repr(loader)
    part = hmix_hub.batches(dataset, 100, images=None, targets=None, shuffle=False, rank=1, world_size=2)
    assert repr(part).endswith("row [100] on cpu; epoch 0, not shuffled, process 1 of 2)")
    assert (
        repr(hmix_hub.JudgmentDataset(dataset)) == "JudgmentDataset(216 rows, each image [3, 32, 32], soft_label [10])"
    )


def test_a_target_that_the_answers_do_not_have_offers_the_one_that_they_have(load_sample):
    soft = load_sample("categorical_soft_labels")
    with pytest.raises(ConfigurationError, match="inferred_coefficient") as raised:
        hmix_hub.batches(soft, 8, targets="human")
    assert raised.value.hint == "this dataset has the target 'soft_label'"
