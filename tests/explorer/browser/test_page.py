"""What one does on the page, by mouse, keyboard and phone."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from explored import rows_that_meet
from explorer.browser.conftest import HOSTILE, served, votes_study
from playwright.sync_api import expect

from hmix_hub.explorer.writing import write_explorer

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
INFER = "task=infer_mixing_factor"
_SMALL = """() => [...document.querySelectorAll('button, select, summary, input:not([type=radio]), .tile')]
  .filter((node) => node.checkVisibility())
  .map((node) => node.closest('label') ?? node)
  .filter((node) => Math.min(node.getBoundingClientRect().height, node.getBoundingClientRect().width) < 24)
  .map((node) => node.outerHTML.slice(0, 120))"""
"""What is too small to be pressed with a finger (WCAG 2.5.8)."""


def tiles(page):
    return page.page.locator(".tile:visible")


def hash_of(page):
    return page.ask("location.hash")


def test_a_press_on_a_facet_goes_into_the_address_and_back_takes_it_away(sample):
    sample.show(INFER)
    everything = sample.rows
    sample.page.get_by_role("checkbox", name=re.compile("^dog")).check()
    expect(sample.page.get_by_role("button", name="Remove labels dog")).to_be_visible()
    assert hash_of(sample) == "#task=infer_mixing_factor&labels=dog"
    some = sample.rows
    assert 0 < len(some) < len(everything)
    expect(sample.page.locator("#counts")).to_contain_text(f"{len(some)} of {len(everything):,} judgments")
    expect(sample.page.locator("#said")).to_contain_text(f"{len(some)} of")
    sample.page.go_back()
    expect(sample.page.get_by_role("button", name="Remove labels dog")).to_have_count(0)
    assert sample.rows == everything
    sample.page.go_forward()
    expect(sample.page.get_by_role("button", name="Remove labels dog")).to_be_visible()
    sample.page.get_by_role("button", name="Remove labels dog").press("Enter")
    expect(sample.page.get_by_role("region", name="Stimuli")).to_be_focused()
    assert sample.rows == everything


def test_ranges_pairs_ids_and_truths_are_set_by_their_facets(sample, load_sample):
    sample.show(INFER)

    def open_facet(name):
        found = sample.page.locator(".facet").filter(has=sample.page.get_by_text(name, exact=True))
        if not found.evaluate("(node) => node.open"):
            found.locator("summary").click()
        return found

    open_facet("Confidence").get_by_label("Confidence, from").fill("0.4")
    open_facet("Confidence").get_by_label("Confidence, to").press("Enter")
    open_facet("Repeats").get_by_role("radio", name="none").check()
    pair = open_facet("Class pair")
    pair.get_by_label("First class").select_option("dog")
    pair.get_by_label("Second class").select_option("frog")
    someone = load_sample()["participant_id"][0]
    people = open_facet("Participants")
    people.get_by_role("searchbox").fill(someone[-3:])
    people.get_by_role("checkbox", name=someone).press("Space")
    expect(people.get_by_role("checkbox", name=someone)).to_be_focused()
    expect(sample.page.locator(".chip")).to_have_count(4)
    view = "&confidence=0.4:&repeats=false&class_pair=dog,frog&participants="
    assert hash_of(sample) == f"#{INFER}{view}{someone}"


def test_a_brush_over_a_figure_is_a_filter(sample):
    sample.show(INFER)
    sample.page.locator("[data-figure='histogram.inferred_coefficient']").scroll_into_view_if_needed()
    box = sample.page.locator("[data-figure='histogram.inferred_coefficient'] .overlay").bounding_box()
    middle = box["y"] + box["height"] / 2
    sample.page.mouse.move(box["x"] + box["width"] * 0.25, middle)
    sample.page.mouse.down()
    sample.page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=3)
    sample.page.mouse.up()
    expect(sample.page.locator(".chip", has_text="inferred_coefficient")).to_be_visible()
    low, high = map(float, re.search(r"inferred_coefficient=([\d.]+):([\d.]+)", hash_of(sample)).groups())
    assert (low, high) == (pytest.approx(0.25, abs=0.02), pytest.approx(0.5, abs=0.02))
    sample.wait_for_figures()
    sample.page.locator("[data-figure='class.raw'] rect.pressed").first.click()
    expect(sample.page.locator(".chip", has_text="labels")).to_be_visible()


def test_the_gallery_is_walked_by_keyboard(sample):
    sample.show(INFER)
    first = tiles(sample).first
    first.focus()
    columns = sample.ask("hmix.explorer.gallery.columns")
    for key, place in (("ArrowRight", 1), ("ArrowDown", 1 + columns), ("ArrowLeft", columns), ("ArrowUp", 0)):
        sample.page.keyboard.press(key)
        assert sample.ask("hmix.explorer.gallery.focused") == place
    sample.page.keyboard.press("Control+End")
    last = sample.ask("hmix.explorer.view.order.length") - 1
    assert sample.ask("hmix.explorer.gallery.focused") == last
    focused = sample.page.locator(".tile:focus")
    expect(focused).to_be_in_viewport()
    label = focused.get_attribute("aria-label")
    sample.page.keyboard.press("Enter")
    expect(sample.page.get_by_role("heading", level=2).first).to_be_focused()
    sample.page.go_back()
    expect(sample.page.locator(".tile:focus")).to_have_attribute("aria-label", label)
    expect(sample.page.locator(".tile:focus")).to_be_in_viewport()


def test_only_what_is_in_sight_exists(sample):
    sample.show(INFER)
    assert sample.page.locator(".tile").count() < 100 < sample.ask("hmix.explorer.view.order.length")
    assert sample.page.get_by_role("grid").get_attribute("aria-rowcount") == str(
        -(-sample.ask("hmix.explorer.view.order.length") // sample.ask("hmix.explorer.gallery.columns"))
    )
    tiles(sample).first.hover()
    sample.page.mouse.wheel(0, 4000)
    expect(sample.page.locator(".row:visible").nth(1)).to_have_attribute("aria-rowindex", re.compile(r"^[1-9][0-9]$"))
    indices = [int(row.get_attribute("aria-rowindex")) for row in sample.page.locator(".row:visible").all()]
    assert indices == sorted(indices)


def test_a_stimulus_has_its_endpoints_mixtures_and_answers_of_every_task(sample, load_sample):
    dataset = load_sample()
    stimulus = dataset["stimulus_id"][0]
    sample.show(f"{INFER}&labels=dog&stimulus={stimulus}")
    page = sample.page
    expect(page.get_by_role("heading", level=2).first).to_contain_text(stimulus)
    slider = page.get_by_role("slider", name="Share of image 1 in the mixture")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("as shown"))
    slider.press("Home")
    expect(page.get_by_role("img", name="Mixture with 0 of image 1")).to_be_visible()
    slider.press("ArrowRight")
    expect(page.get_by_role("img", name="Mixture with 0.1 of image 1")).to_be_visible()
    about = page.locator(".about.current")
    answers = [row for row in range(len(dataset)) if dataset["stimulus_id"][row] == stimulus]
    expect(about.locator(".strip .dot")).to_have_count(len(answers))
    expect(about.get_by_role("heading")).to_contain_text("model")
    about.get_by_text("Judgments", exact=True).click()
    link = about.get_by_role("link", name=dataset["participant_id"][answers[0]])
    link.click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text(dataset["participant_id"][answers[0]])
    page.go_back()
    expect(slider).to_be_visible()
    page.get_by_role("link", name="All stimuli").click()
    expect(page.locator(".chip", has_text="dog")).to_be_visible()


def test_a_participant_has_their_judgments_in_order_and_their_means(sample, load_sample):
    frame = load_sample().to_pandas()
    someone = frame["participant_id"][0]
    own = frame[frame["participant_id"] == someone].sort_values("trial_index")
    sample.show(f"{INFER}&participant={someone}")
    section = sample.page.locator("section.card", has=sample.page.get_by_role("heading", name="infer mixing factor"))
    facts = dict(zip(section.locator("dt").all_inner_texts(), section.locator("dd").all_inner_texts(), strict=True))
    bias = (own["inferred_coefficient"] - own["mixing_coefficient"]).mean()
    assert facts["judgments"] == str(len(own))
    assert float(facts["mean bias"].replace("\N{MINUS SIGN}", "-")) == pytest.approx(bias, abs=6e-4)
    assert facts["mean confidence"] == f"{own['confidence'].mean():.2f}"
    assert facts["median response time"] == f"{own['response_time_ms'].median() / 1000:.1f} s"
    answers = section.locator("tbody tr td:nth-of-type(1)").all_inner_texts()
    assert list(map(float, answers)) == own["inferred_coefficient"].round(2).tolist()
    sample.page.get_by_role("link", name="Their stimuli").click()
    expect(sample.page.locator("#counts")).to_contain_text(f"{len(own)} of")


def test_stimuli_of_a_participant_are_not_those_of_a_namesake(others):
    others.show("task=class_choice")
    name = others.ask("hmix.explorer.view.data.people[0]")
    study, _, someone = name.partition(":")
    others.show(f"task=class_choice&participant={name}")
    others.page.get_by_role("link", name="Their stimuli").click()
    expect(others.page.locator(".chip")).to_have_count(2)
    assert hash_of(others) == f"#task=class_choice&participants={someone}&studies={study}"


def test_what_an_earlier_view_found_is_not_told_of_a_later_one(sample):
    sample.ask(
        """async () => {
          const { explorer } = hmix;
          let open;
          const gate = new Promise((done) => (open = done));
          explorer._page = () => gate;
          location.hash = "labels=unicorn";
          const slow = explorer.render();
          await new Promise((done) => setTimeout(done));
          delete explorer._page;
          location.hash = "labels=dog";
          await explorer.render();
          open(null);
          await slow;
        }"""
    )
    assert sample.notices == []


def test_votes_are_counted_where_their_number_is_known(others, chromium, tmp_path):
    others.show("task=class_votes&sort=dataset")
    words = [tile.get_attribute("aria-label") for tile in tiles(others).all()[:2]]
    assert words[0].endswith("1 judgment")
    assert words[1].endswith("20 votes")
    write_explorer(str(votes_study(tmp_path / "study", 10**6)), tmp_path / "page", cifar10="/nowhere")
    page = chromium.new_page()
    page.goto((tmp_path / "page/index.html").as_uri())
    expect(page.locator(".tile:visible").first).to_have_attribute("aria-label", re.compile("1 judgment$"))
    page.locator(".tile:visible").first.click()
    expect(page.locator(".about.current")).to_contain_text("1 judgment")
    page.close()


def test_an_empty_selection_says_which_filter_to_remove(sample, load_sample):
    n = len(rows_that_meet(load_sample(), labels="cat"))
    sample.show(f"{INFER}&labels=cat&class_pair=dog,dog")
    nothing = sample.page.locator("#nothing")
    expect(nothing).to_have_text(
        f"No judgment matches. Without class_pair there are {n} judgments: remove it, or show all."
    )
    expect(sample.page.locator("figure.card")).to_have_count(0)
    nothing.get_by_role("button", name="remove it").click()
    expect(nothing).to_be_hidden()
    assert hash_of(sample) == f"#{INFER}&labels=cat"
    sample.show(f"{INFER}&class_pair=cat,cat&class_pair=dog,dog&mixing_coefficient=0.31")
    nothing.get_by_role("button", name="Show all judgments").click()
    assert hash_of(sample) == f"#{INFER}"


def test_filters_go_along_to_another_task(sample):
    sample.show(f"{INFER}&labels=dog&confidence=0.5:")
    sample.page.get_by_role("link", name="Construct midpoint").click()
    expect(sample.page.locator(".chip")).to_have_count(1)
    assert hash_of(sample) == "#task=construct_midpoint&labels=dog"
    assert sample.notices == []


def test_the_code_is_copied(sample):
    sample.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sample.show(INFER)
    sample.page.get_by_role("button", name="Copy").click()
    expect(sample.page.get_by_role("button", name="Copied")).to_be_visible()
    assert "hmix_hub.load_dataset" in sample.ask("navigator.clipboard.readText()")


def test_synthetic_judgments_are_marked_on_every_view(sample):
    for view in (INFER, f"{INFER}&stimulus={sample.ask('hmix.explorer.view.data.keys[0]')}"):
        sample.show(view)
        expect(sample.page.locator("#mark")).to_have_text(re.compile("SYNTHETIC"))
        expect(sample.page.locator("#mark")).to_be_visible()


def test_texts_of_studies_are_shown_and_never_markup(others):
    others.show("task=class_choice")
    expect(others.page.locator("footer")).to_contain_text(HOSTILE)
    assert others.page.locator("img").count() == 0


def test_labels_alone_are_shown_where_pictures_cannot_be_had(others):
    others.show("task=scale_rating")
    expect(others.page.locator(".tile canvas.absent").first).to_be_visible()
    expect(others.page.locator("footer")).to_contain_text("The pictures of cifar10/test")


FEW = f"{INFER}&class_pair=dog,frog"


@pytest.mark.parametrize(
    ("scheme", "views"),
    [
        ("light", (f"{FEW}&labels=unicorn", f"{FEW}&stimulus=", f"{FEW}&participant=")),
        ("dark", (FEW, f"{FEW}&stimulus=")),
    ],
)
def test_axe_finds_nothing(sample, violations, scheme, views):
    sample.page.emulate_media(color_scheme=scheme)
    for view in views:
        lists = {"stimulus=": "hmix.explorer.view.data.keys[0]", "participant=": "hmix.explorer.view.data.people[0]"}
        own = next((sample.ask(first) for end, first in lists.items() if view.endswith(end)), "")
        sample.show(view + own)
        assert violations(sample.page) == []
    sample.page.emulate_media(color_scheme="light")


def test_axe_finds_nothing_in_other_tasks(others, violations):
    for task in ("class_choice", "scale_rating", "class_votes"):
        others.show(f"task={task}&labels=deer")
        assert violations(others.page) == []


def test_on_a_phone_it_is_one_column_with_a_drawer(chromium, sample_folder, violations):
    with served(sample_folder) as address:
        context = chromium.new_context(**PHONE)
        page = context.new_page()
        page.goto(address)
        page.locator(".tile").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]
        assert page.evaluate(_SMALL) == []
        page.get_by_role("button", name="Filters").click()
        drawer = page.get_by_role("dialog", name="Filters")
        drawer.get_by_role("checkbox", name=re.compile("^dog")).check()
        assert violations(page) == []
        assert page.evaluate(_SMALL) == []
        drawer.get_by_role("button", name=re.compile("Show .* judgments")).click()
        expect(page.get_by_role("button", name="Filters (1)")).to_be_visible()
        page.get_by_role("button", name="Figures").click()
        expect(page.locator("figure.card").first).to_be_visible()
        page.get_by_role("button", name="Code").click()
        expect(page.get_by_label("Code of this selection").locator("code")).to_contain_text('labels="dog"')
        page.get_by_role("button", name="Stimuli").click()
        page.locator(".tile").first.click()
        expect(page.get_by_role("slider")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]
        assert violations(page) == []
        context.close()
