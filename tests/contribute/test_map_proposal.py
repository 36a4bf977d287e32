"""Proposals of column maps: what is recognised in a raw file, and what is left to decide."""

from __future__ import annotations

import itertools

import pytest
from made_trials import CLASSES, PEOPLE, PICTURES, PLAIN, answer_of, lines, raw, renamed, trials

from hmix_hub.contribute.proposal import proposed_map
from hmix_hub.importing.column_map import ColumnMap
from hmix_hub.tasks import INFER
from hmix_hub.yaml_file import parse_yaml


class TestWhatIsRecognised:
    @pytest.mark.parametrize(
        "name",
        [
            "subject",
            "PROLIFIC_PID",
            "participant",
            "subjID",
            "workerId",
            "Participant.ID",
            "annotator",
            "who",
            "ppt_id",
        ],
    )
    def test_the_participant_by_its_name(self, name):
        found, _ = lines(renamed(PLAIN | {"person": name}))
        assert found["participant_id"] == ("TODO" if name == "ppt_id" else name)

    def test_the_number_of_a_picture_is_no_participant(self):
        rows = [{"id": n, "url": name, "label": label} for n, (name, label) in enumerate(PICTURES.items())]
        assert lines(rows)[0]["participant_id"] == "TODO"

    def test_a_number_of_trials_that_restarts_is_counted_instead(self):
        rows = [row | {"trial": row["trial"] % 3} for row in renamed(PLAIN)]
        found, proposal = lines(rows)
        assert found["trial_index"] == {"number": ["subject"]}
        why = next(line.why for line in proposal.lines if line.target == "trial_index")
        assert why == "trial restarts within a participant: in the order of the rows"

    def test_trials_without_a_number_are_counted(self):
        assert lines(renamed({k: v for k, v in PLAIN.items() if k != "n"}))[0]["trial_index"] == {"number": ["subject"]}

    @pytest.mark.parametrize(("factor", "more"), [(1, {}), (0.001, {"multiply": 1000})])
    def test_response_times_and_their_unit(self, factor, more):
        rows = [row | {"rt": row["rt"] * factor} for row in renamed(PLAIN)]
        assert lines(rows)[0]["response_time_ms"] == ({"column": "rt"} | more if more else "rt")

    def test_the_picture_its_class_and_the_answer_are_told_apart(self):
        found, proposal = lines(renamed(PLAIN | {"label": "category"}))
        assert (found["image_1_file"], found["image_1_label"], answer_of(found)) == ("image", "category", "response")
        assert not proposal.open_lines

    def test_the_class_that_follows_from_the_picture_is_no_answer_whatever_its_name(self):
        found, _ = lines(renamed(PLAIN | {"label": "response_key", "chosen": "choice"}))
        assert answer_of(found) == "choice"

    def test_a_confidence_and_its_scale(self):
        for top, ends in ((100, [0, 100]), (7, [1, 7]), (1.0, None)):
            rows = renamed(PLAIN | {"sure": "confidence"})
            for row, value in zip(rows, itertools.cycle((0.3, 0.6, 1.0)), strict=False):
                row["confidence"] = value * top if top != 7 else (1, 4, 7)[int(value * 3) - 1]
            found, _ = lines(rows)
            given = found.get("confidence", found.get("top_probability"))
            assert given == ("confidence" if ends is None else {"column": "confidence", "scale": ends})

    def test_json_within_cells(self):
        rows = [
            {"subject": row["person"], "trial_index": row["n"], "rt": row["rt"], "stimulus": f"img/{row['picture']}"}
            | {"response": {"Q0": {"animal": row["chosen"]}, "sure": row["sure"]}}
            for row in trials()
        ]
        found, _ = lines(rows)
        assert answer_of(found) == {"column": "response", "json": "Q0.animal"}

    def test_ids_of_a_form_that_end_in_the_class(self):
        rows = [row | {"response": f"most{row['response'].title()}"} for row in renamed(PLAIN)]
        assert answer_of(lines(rows)[0]) == {"column": "response", "pattern": "^most(.+)"}

    def test_arrays_of_tasks(self):
        rows = [
            {"user_name": row["person"], "image": row["picture"]}
            | {"annotations": [{"task": "T0", "value": row["chosen"]}, {"task": "T1", "value": 3}]}
            for row in trials()
        ]
        assert answer_of(lines(rows)[0]) == {"column": "annotations", "json": "task=T0.value"}

    def test_boxes_of_which_one_is_on(self):
        rows = [
            row | {f"{c}.numClicks": int(c == trial["chosen"]) for c in CLASSES}
            for row, trial in zip(renamed({k: v for k, v in PLAIN.items() if k != "chosen"}), trials(), strict=True)
        ]
        assert answer_of(lines(rows)[0]) == {"which": {c: f"{c}.numClicks" for c in CLASSES}}

    def test_keys_and_buttons_are_left_to_name(self):
        rows = [row | {"response": "fgh"[CLASSES.index(row["response"])]} for row in renamed(PLAIN)]
        found, proposal = lines(rows)
        assert answer_of(found)["values"] == {"f": "TODO", "g": "TODO", "h": "TODO"}
        assert len(proposal.open_lines) == 1

    def test_a_picture_in_a_piece_of_html(self):
        rows = [row | {"image": f'<img src="img/{row["image"]}" width=100>'} for row in renamed(PLAIN)]
        assert lines(rows)[0]["image_1_file"]["pattern"] == r"""src=\W?([^"' >]+)"""

    def test_a_mixture_of_two_pictures_in_a_name(self):
        rows = [
            {"worker": p, "trial": n, "picture": f"ship_{n}_cat_{n + 3}_75.png", "slider": s, "rt": 2000 + s}
            for p in PEOPLE
            for n, s in enumerate((70, 41, 30, 93, 88))
        ]
        found, proposal = lines(rows)
        assert proposal.task == INFER
        assert found["image_2_index"] == {
            "column": "picture",
            "pattern": r"^[A-Za-z][A-Za-z ]*_[\d.]+_[A-Za-z][A-Za-z ]*_(\d+)",
        }
        assert found["inferred_coefficient"] == {"column": "slider", "scale": [0, 100]}

    def test_a_task_that_is_named_is_taken(self):
        assert lines(renamed(PLAIN), INFER)[1].task == INFER

    def test_nothing_is_left_to_decide_or_everything(self):
        _, proposal = lines([{"a": "x"}, {"a": "y"}])
        assert {line.target for line in proposal.open_lines} >= {"participant_id", "trial_index", "image_1_file"}
        assert proposal.why.startswith("TODO")


class TestPlatforms:
    def test_what_zooniverse_calls_a_subject_is_a_picture(self):
        rows = [
            {"classification_id": 900 + n, "user_name": row["person"], "subject_ids": 50 + n}
            | {"subject": {"id": n, "Filename": row["picture"], "TimeUTC": f"10:{n}"}}
            | {"metadata": {"started_at": "2026-03-01T10:00:00Z", "finished_at": "2026-03-01T10:00:02Z"}}
            | {"annotations": [{"task": "T0", "value": row["chosen"]}]}
            for n, row in enumerate(trials())
        ]
        found, _ = lines(rows)
        assert found["participant_id"] == "user_name"
        assert found["image_1_file"] == {"column": "subject", "json": "Filename"}
        assert found["trial_index"] == {"number": ["user_name"], "order": ["classification_id"]}
        assert found["response_time_ms"]["minus"] == {"column": "metadata", "json": "started_at"}

    def test_several_pictures_of_a_burst_are_no_mixture(self):
        rows = [row | {"image1": row["image"], "image2": f"second_{row['image']}"} for row in renamed(PLAIN)]
        assert "image_2_file" not in lines(rows)[0]


class TestRows:
    def with_pages(self, **of_page):
        page = {"trial_type": "instructions", "response": "0", "rt": 5000, "subject": PEOPLE[0], "trial": 99} | of_page
        return [page, *(row | {"trial_type": "image-button-response"} for row in renamed(PLAIN)), page]

    def test_a_column_of_pages_tells_judgments_from_others(self):
        _, proposal = lines(self.with_pages())
        assert [condition for condition, _ in proposal.rows] == [
            {"column": "trial_type", "equals": "image-button-response"}
        ]
        assert proposal.summary == "18 of the first 20 rows are judgments by 3 participants of 6 pictures"

    def test_rows_without_an_answer_are_left_out(self):
        rows = renamed(PLAIN)
        rows[3]["response"], rows[7]["response"] = "", "na"
        assert [condition for condition, _ in lines(rows)[1].rows] == [
            {"column": "response"},
            {"column": "response", "not": "na"},
        ]

    def test_practice_is_left_out(self):
        rows = [row | {"phase": "practice" if row["trial"] < 2 else "main"} for row in renamed(PLAIN)]
        assert [condition for condition, _ in lines(rows)[1].rows] == [{"column": "phase", "not": "practice"}]


class TestOtherTasks:
    def test_a_rating_and_the_scale_that_it_is_on(self):
        rows = [
            {"subject": p, "trial": 2 * n + k, "image": picture, "trait": trait, "rating": 1 + (n * 3 + k + len(p)) % 7}
            for p in ("s1", "s22", "s333")
            for n, picture in enumerate(PICTURES)
            for k, trait in enumerate(("warm", "fierce"))
        ]
        found, proposal = lines(rows)
        assert proposal.task == "scale_rating"
        assert (found["rating"], found["scale"]) == ({"column": "rating", "scale": [1, 7]}, "trait")
        assert not proposal.open_lines

    @pytest.mark.parametrize(("total", "target"), [(12, "class_counts"), (1, "class_frequencies")])
    @pytest.mark.parametrize("name", ["n_{}", "{}", "{}.votes"])
    def test_votes_without_people(self, total, target, name):
        shares = (0.5, 0.25, 0.25)
        rows = [
            {"image": picture, "width": 32}
            | {
                name.format(c): total * shares[(n + k) % 3] if total == 1 else int(total * shares[(n + k) % 3])
                for k, c in enumerate(CLASSES)
            }
            for n, picture in enumerate(PICTURES)
        ]
        found, proposal = lines(rows)
        assert proposal.task == "class_votes"
        assert found == {"image_1_file": "image", target: {"counts": {c: name.format(c) for c in CLASSES}}}
        ColumnMap.model_validate(parse_yaml(proposed_map(raw(rows))[0]).content)

    def test_the_number_of_all_votes_is_no_class_whatever_it_is_called(self):
        counts = [(12, 3, 0), (0, 7, 0), (5, 5, 5), (1, 0, 2), (4, 4, 0), (0, 0, 9)]
        rows = [
            {"image": picture, "classified": sum(row)} | {f"said_{c}": n for c, n in zip(CLASSES, row, strict=True)}
            for picture, row in zip(PICTURES, counts, strict=True)
        ]
        assert lines(rows)[0]["class_counts"] == {"counts": {c: f"said_{c}" for c in CLASSES}}

    def test_numbers_within_json_are_no_columns_of_votes(self):
        rows = [{"image": name, "said": {"cat": n, "dog": 2, "fox": 1}} for n, name in enumerate(PICTURES)]
        assert "class_counts" not in lines(rows)[0]


class TestWideTables:
    def people(self, name):
        return [
            {"ResponseId": p, "Age": 30 + n}
            | {
                name.format(n=m, picture=picture): row["chosen"]
                for m, (picture, row) in enumerate(zip(PICTURES, rows, strict=True))
            }
            for n, (p, rows) in enumerate((p, [row for row in trials() if row["person"] == p]) for p in PEOPLE)
        ]

    def test_numbered_items_need_a_table(self):
        found, proposal = lines(self.people("Q{n}"))
        assert proposal.wide.melt == {"columns": r"Q(\d+)", "into": ["item", "answer"]}
        assert found["image_1_file"] == "picture"
        assert answer_of(found) == "answer"
        assert [line.target for line in proposal.open_lines] == ["image_1_file"]

    def test_columns_called_by_their_pictures_do_not(self):
        found, proposal = lines(self.people("{picture}"))
        assert proposal.wide.melt == {"columns": r"(.+\.(?:png))", "into": ["item", "answer"]}
        assert found["image_1_file"] == "item"

    def test_several_answers_to_an_item(self):
        people = [row | {f"{n}_sure": 1 + n % 5 for n in range(6)} for row in self.people("{n}_animal")]
        found, proposal = lines(people)
        assert proposal.wide.melt == {"columns": r"(\d+)_(animal|sure)", "into": ["item"]}
        assert answer_of(found) == "animal"


def rated(column, n_values=7):
    """Return trials whose answer is a whole number, under a name."""
    return [
        {"person": f"p{p}", "picture": f"{n}.png", column: 1 + (p + n) % n_values} for p in range(4) for n in range(8)
    ]


def test_whole_numbers_of_a_slider_are_ratings_though_it_is_called_a_response():
    origins, proposal = lines(rated("slider.response"))
    assert proposal.task == "scale_rating"
    assert origins["rating"] == {"column": "slider.response", "scale": [1, 7]}


def test_whole_numbers_that_may_be_keys_name_the_other_task_and_stand_in_order():
    rows = rated("response", 11)
    origins, proposal = lines(rows)
    assert (proposal.task, "add --task scale_rating" in proposal.why) == ("class_choice", True)
    assert list(origins["chosen_class"]["values"]) == [str(number) for number in range(1, 12)]
    assert lines(rows, "scale_rating")[1].task == "scale_rating"


def test_pictures_of_votes_are_numbers_where_they_are_counted():
    rows = [{"picture": n, "n_cat": n, "n_dog": 5 - n, "n_fox": 1} for n in range(5)]
    origins, proposal = lines(rows)
    assert (proposal.task, origins["image_1_index"]) == ("class_votes", "picture")


def test_the_participants_column_is_not_listed_as_unused():
    rows = [{"ResponseId": f"R{n}", "Status": "Survey Preview" if n == 0 else "IP Address"} for n in range(9)]
    for n, row in enumerate(rows):
        row |= {"PROLIFIC_PID": f"{n:024x}" if n else "", "a1_x": n % 3, "a2_x": n % 4, "a3_x": n % 5}
    origins, proposal = lines(rows)
    assert origins["participant_id"] == "PROLIFIC_PID"
    assert not any(one.startswith("PROLIFIC_PID") for one in proposal.unused)
