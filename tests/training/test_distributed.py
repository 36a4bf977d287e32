"""Several processes: two of `torch.distributed` in step, over mapped rows and over a stream; and a study on the Hub."""

from __future__ import annotations

import json
import multiprocessing
from datetime import timedelta

import pytest
import torch
from sharded_study import JUDGMENTS, write_sharded
from torch import distributed

import hmix_hub
from hmix_hub.builders.row_groups import RowGroup

N, GROUPS = 144, 6
REPOSITORY = "lab/sharded"
PLACES = ["participant_id", "trial_index"]


@pytest.fixture(scope="module")
def sharded(tmp_path_factory):
    return write_sharded(tmp_path_factory.mktemp("sharded"))


@pytest.fixture
def load(tmp_path):
    def load(place, **options):
        return hmix_hub.load_dataset(place, JUDGMENTS, split="train", cache_dir=tmp_path / "cache", **options)

    return load


def run(rank, folder, loaders):
    """Take every batch in step with the other process, and write which rows both had."""
    distributed.init_process_group(
        "gloo", f"file://{folder}/store", rank=rank, world_size=2, timeout=timedelta(seconds=60)
    )
    found = []
    for loader in loaders:
        rows = []
        for batch in loader:
            total = torch.tensor([len(batch["row"])])
            # A process without a batch in this step would be waited for in vain.
            distributed.all_reduce(total)
            assert total.item() == 2 * len(batch["row"])
            told = zip(batch["participant_id"].tolist(), batch["trial_index"].tolist(), strict=True)
            rows += [row for row, again in zip(told, batch["repeated"].tolist(), strict=True) if not again]
        both = [None, None]
        distributed.all_gather_object(both, rows)
        found.append(both)
    if rank == 0:
        (folder / "rows.json").write_text(json.dumps(found))
    distributed.destroy_process_group()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_two_processes_of_torch_distributed_go_in_step_and_share_all_rows(sharded, load, tmp_path):
    dataset, stream = load(sharded), load(sharded, streaming=True)
    people = sorted(set(dataset["participant_id"][:]))
    options = {"images": None, "columns": PLACES, "pad": True, "vocabularies": {"participant_id": people}}
    context, processes = multiprocessing.get_context("fork"), []
    for rank in range(2):
        loaders = [
            hmix_hub.batches(dataset, 10, rank=rank, world_size=2, keep_in_memory=False, buffer_size=50, **options),
            hmix_hub.batches(stream, 10, rank=rank, world_size=2, buffer_size=30, **options),
        ]
        processes.append(context.Process(target=run, args=(rank, tmp_path, loaders)))
        processes[-1].start()
    for process in processes:
        process.join(90)
    assert [process.exitcode for process in processes] == [0, 0]
    for both in json.loads((tmp_path / "rows.json").read_text()):
        rows = [tuple(row) for own in both for row in own]
        assert len(rows) == len(set(rows)) == len(dataset)
        assert abs(len(both[0]) - len(both[1])) <= len(dataset) // GROUPS


def test_each_process_downloads_its_row_groups_of_a_study_on_the_hub(hub, login, sharded, load, monkeypatch):
    files = {path.relative_to(sharded).as_posix(): path.read_bytes() for path in sharded.rglob("*.*")}
    hub.create(REPOSITORY, {**files, "SHA256SUMS": (sharded / "SHA256SUMS").read_bytes()})
    read, batches = [], RowGroup.batches
    monkeypatch.setattr(RowGroup, "batches", lambda self, columns=None: read.append(self) or batches(self, columns))
    stream = load(REPOSITORY, streaming=True)
    assert stream.num_shards == GROUPS
    everything = []
    for rank in range(3):
        read.clear()
        loader = hmix_hub.batches(stream, 16, images=None, rank=rank, world_size=3, pad=True)
        seen = list(loader)
        assert [len(batch["row"]) for batch in seen] == [16] * 3 == [16] * len(loader)
        assert len(read) == GROUPS // 3
        rows = torch.stack([torch.cat([batch[name] for batch in seen]) for name in ("shard", "row")], dim=1)
        everything += map(tuple, rows.tolist())
    assert len(set(everything)) == N


def test_a_loop_over_a_study_on_the_hub_goes_on_without_what_was_read(hub, login, sharded, load, monkeypatch):
    files = {path.relative_to(sharded).as_posix(): path.read_bytes() for path in sharded.rglob("*.*")}
    hub.create(REPOSITORY, {**files, "SHA256SUMS": (sharded / "SHA256SUMS").read_bytes()})
    loader = hmix_hub.batches(load(REPOSITORY, streaming=True), 12, images=None, buffer_size=48)
    whole, states = [], []
    for batch in loader:
        whole.append(batch)
        states.append(loader.state_dict())
    read, batches = [], RowGroup.batches
    monkeypatch.setattr(RowGroup, "batches", lambda self, columns=None: read.append(self) or batches(self, columns))
    resumed = hmix_hub.batches(load(REPOSITORY, streaming=True), 12, images=None, buffer_size=48)
    resumed.load_state_dict(json.loads(json.dumps(states[8])))
    rest = list(resumed)
    assert len(rest) == len(whole) - 9
    for ours, theirs in zip(rest, whole[9:], strict=True):
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert len(read) == 2
