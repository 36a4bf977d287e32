"""Resamplings on a cluster's workers: the same report, bit for bit, also where a worker is killed."""

import numpy as np
from click.testing import CliRunner
from dask_workers import end_worker_once

import hmix_hub
from hmix_hub.cli.main import main
from hmix_hub.findings.page.writing import numbers_text
from hmix_hub.resampling import resample


def test_a_report_is_the_same_with_a_client_and_without(dask):
    here, there = (hmix_hub.report("h-mix", source="sample", resamples=300, client=client) for client in (None, dask))
    assert numbers_text(there) == numbers_text(here)
    assert here.number("agreement.alpha.infer_mixing_factor").has_interval


def test_the_command_takes_the_address_of_a_scheduler(dask_address):
    plain, spread = (
        CliRunner().invoke(main, ["report", "--source", "sample", "--json", *options])
        for options in ((), ("--dask", dask_address))
    )
    assert spread.exit_code == 0
    assert spread.stdout == plain.stdout


def test_the_fit_of_labels_to_people_is_the_same_with_a_client_and_without(load_sample, dask):
    judgments = load_sample()
    labels = 0.1 + 0.8 * np.array(judgments["mixing_coefficient"])
    here, there = (hmix_hub.human_fit(labels, judgments, client=client) for client in (None, dask))
    assert there.to_dict() == here.to_dict()


def test_a_worker_that_is_killed_changes_no_interval(tmp_path, dask):
    values = np.random.default_rng(0).standard_normal((40, 1))

    def mean(weights):
        if len(weights) > 1:
            end_worker_once(tmp_path / "ended")
        return weights @ values / 40

    there = resample(mean, 40, width=40, client=dask)
    assert (tmp_path / "ended").exists()
    here = resample(mean, 40, width=40)
    assert np.array_equal([there.mean, there.low, there.high], [here.mean, here.low, here.high])
    dask.wait_for_workers(4)
