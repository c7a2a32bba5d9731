"""Chunks are slices of pages, cover them, end where a reader would pause, and keep their ids."""

from __future__ import annotations

import string
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.domain import Chunk, Page
from appliance.services.chunking import _WINDOW, chunked, with_context
from appliance.services.furniture import without_furniture
from appliance.services.page_lines import lines_of
from appliance.services.title_forms import is_box_title
from appliance.services.token_weights import weight
from appliance.services.wholes import LARGEST_BOX

DOCUMENT = "7d9c1b9e-6e5e-4d9f-8d7e-0c7b4dd7a001"
SENTENCE = "Warfarin can cause major or fatal bleeding, so the INR is checked often. "
ITEM = "• Recent surgery of the eye or of the central nervous system, or an open wound"

lines = st.one_of(
    st.sampled_from(
        [
            "",
            "2.1 Recommended Dosage",
            "2 DOSAGE AND ADMINISTRATION",
            "WARNING: BLEEDING RISK",
            "Risk Assessment",
            "Do not use in patients with:",
            "• an item",
            "a. an item that leads to:",
            ITEM,
            SENTENCE,
            "and it goes on at",
            "Page 3 of 9",
            "Table 2: Doses by age",
            "Age\tDose (mg)\tTimes a day",
            "6 to 11 years\t250\t2",
            "\t5 mg\t10 mg",
            "| Age | Dose |",
            "| --- | --- |",
            "| 12 | 5 mg |",
            "\t".join(["a long cell"] * 120),
        ]
    ),
    st.text(alphabet=string.printable + "µ½≥é你好\u00a0\u2028\u00ad", max_size=300),
    st.text(max_size=80),
)
page_texts = st.lists(lines, max_size=30).map("\n".join)


def of(*texts: str) -> list[Chunk]:
    return chunked(DOCUMENT, [Page(number, text) for number, text in enumerate(texts, start=1)])


@settings(max_examples=200, deadline=None)
@given(st.lists(page_texts, max_size=5))
def test_exact_covering_ordered_and_bounded(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    chunks = of(*texts)
    assert chunks == of(*texts)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    kept = without_furniture(lines_of(texts))
    for number, text in enumerate(texts, start=1):
        its_lines = [line for line in kept if line.page == number - 1]
        covered, end = (its_lines[0].start, its_lines[-1].end) if its_lines else (0, 0)
        for chunk in (chunk for chunk in chunks if chunk.page == number):
            assert chunk.text == text[chunk.char_start : chunk.char_end]
            assert chunk.text == chunk.text.strip() != ""
            assert chunk.char_start >= covered
            assert text[covered : chunk.char_start].strip() == ""
            # A box may have headings of its own.
            is_box = any(is_box_title(heading) for heading in (*chunk.path, chunk.section or ""))
            assert weight(with_context("", chunk)) <= _WINDOW or (
                is_box and weight(chunk.text) <= LARGEST_BOX
            )
            covered = chunk.char_end
        assert covered == end
    for chunk, following in pairwise(chunks):
        assert chunk.torn_end == following.torn_start


def test_long_text_is_cut_between_sentences() -> None:
    chunks = of(SENTENCE * 60)
    assert len(chunks) > 3
    assert all(chunk.text.endswith("often.") for chunk in chunks)
    assert all(50 <= len(chunk.text.split()) <= 180 for chunk in chunks)
    assert not any(chunk.torn_start or chunk.torn_end for chunk in chunks)


def test_one_endless_word_is_cut_all_the_same() -> None:
    chunks = of("x" * 20_000)
    assert "".join(chunk.text for chunk in chunks) == "x" * 20_000
    assert [chunk.torn_start for chunk in chunks] == [False] + [True] * (len(chunks) - 1)


def test_a_section_begins_a_chunk_and_is_carried_over_pages() -> None:
    text = SENTENCE * 6
    chunks = of(
        f"{text}\n5 WARNINGS\n5.1 Hemorrhage\n{text}",
        f"{text}\n5.2 Tissue Necrosis\n{text}\n6 ADVERSE REACTIONS",
        f"{text}",
    )
    assert [(chunk.page, chunk.path, chunk.section) for chunk in chunks] == [
        (1, (), None),
        (1, ("5 WARNINGS",), "5.1 Hemorrhage"),
        (2, ("5 WARNINGS",), "5.1 Hemorrhage"),
        (2, ("5 WARNINGS",), "5.2 Tissue Necrosis"),
        (3, (), "6 ADVERSE REACTIONS"),
    ]
    assert chunks[1].text.startswith("5 WARNINGS\n5.1 Hemorrhage\nWarfarin")
    assert chunks[3].text.endswith("6 ADVERSE REACTIONS")


def test_ids_say_the_same_words_at_the_same_place() -> None:
    first, second = of("One text."), of("One text!")
    assert first[0].id != second[0].id
    assert first[0].id == of("One text.", "Another page.")[0].id
    (other,) = chunked("7d9c1b9e-6e5e-4d9f-8d7e-0c7b4dd7a002", [Page(1, "One text.")])
    assert other.id != first[0].id


def test_context_names_document_path_and_section() -> None:
    (chunk,) = of("2 DOSAGE\n2.1 Adult Dosage\nThe starting dose is 500 mg.")
    assert with_context("Metformin", chunk).splitlines() == [
        "Metformin",
        "2 DOSAGE",
        "2.1 Adult Dosage",
        *chunk.text.splitlines(),
    ]
    assert chunk.place == "2 DOSAGE › 2.1 Adult Dosage"


def test_a_long_context_takes_its_room_from_the_text_and_never_all_of_it() -> None:
    title = "Guideline on the perioperative management of anticoagulation " * 10
    heading = "7 Perioperative Management of Anticoagulation in Patients with Mechanical Valves"
    chunks = of(f"{heading}\n" + SENTENCE * 40)
    assert all(weight(with_context(title, chunk)) <= _WINDOW for chunk in chunks)
    assert all(chunk.text in with_context(title, chunk) for chunk in chunks)


@pytest.mark.parametrize("text", ["", " \n\t \u00a0", "\n" * 50])
def test_blank_pages_have_no_chunks(text: str) -> None:
    assert of(text, text) == []


HEAD = "Table 3: Doses by creatinine clearance\nClearance\tDose\tInterval\n(mL/min)\t(mg)\t(hours)"
ROWS = [f"{low} to {low + 4}\t{low * 5}\t{low // 5 + 6}" for low in range(10, 400, 5)]


def test_a_table_that_fits_stays_whole() -> None:
    table = "\n".join([HEAD, *ROWS[:8]])
    chunks = of(f"{SENTENCE * 5}\n\n{table}\n\n{SENTENCE * 5}")
    (holding,) = [chunk for chunk in chunks if ROWS[0] in chunk.text]
    assert table in holding.text
    assert holding.lead is None


def test_a_long_table_is_cut_between_rows_and_keeps_its_head() -> None:
    chunks = of(f"{SENTENCE}\n\n" + "\n".join([HEAD, *ROWS]) + f"\n\n{SENTENCE}")
    assert len(chunks) > 2
    for row in ROWS:
        assert sum(row in chunk.text.split("\n") for chunk in chunks) == 1
    first, *others = [chunk for chunk in chunks if "\t" in chunk.text]
    assert HEAD in first.text
    assert first.lead is None
    assert {chunk.lead for chunk in others} == {HEAD}
    assert all(with_context("", chunk).startswith(HEAD) for chunk in others)
    assert not any(chunk.torn_start or chunk.torn_end for chunk in chunks)


def test_a_table_that_goes_on_over_a_page_keeps_its_head() -> None:
    repeated = HEAD.split("\n", 1)[1]
    for top in ("\n".join(ROWS[4:7]), "\n".join([repeated, *ROWS[4:7]])):
        chunks = of("\n".join([HEAD, *ROWS[:4]]), top)
        assert [chunk.page for chunk in chunks] == [1, 2]
        assert chunks[1].lead == (HEAD if top.startswith(ROWS[4]) else None)


def test_rows_below_a_name_that_groups_them_keep_it() -> None:
    groups = [
        "\n".join([f"Drug Group {n}", *[f"Measure {m}\t{SENTENCE.strip()}" for m in range(3)]])
        for n in range(9)
    ]
    chunks = of("\n".join(["Table 3: Interactions", *groups]))
    assert len(chunks) > 2
    for chunk in chunks:
        last = chunk.text.split("\n")[-1]
        assert not last.startswith("Drug Group"), "a name without its rows"
        if not chunk.text.startswith(("Table", "Drug Group")):
            assert (chunk.lead or "").startswith("Table 3: Interactions\nDrug Group")
    assert {chunk.section for chunk in chunks} == {None}


def test_a_row_over_a_page_is_marked_as_torn() -> None:
    first, second = of(
        "Table 3: Interactions\nImpact\tA decrease in bicarbonate.\nEffect\tMay increase the",
        "risk of hypoglycemia.\nMeasure\tLower the dose.",
    )
    assert first.torn_end
    assert second.torn_start
    assert second.lead == "Table 3: Interactions"


def test_a_table_of_another_shape_on_the_next_page_has_its_own_head() -> None:
    chunks = of("\n".join([HEAD, *ROWS[:4]]), "Colour\tStrength\npink\t1 mg\nblue\t4 mg")
    assert chunks[1].lead is None


def test_a_list_that_fits_stays_with_the_words_that_lead_to_it() -> None:
    whole = "\n".join(["Do not use it in patients with:", *[ITEM] * 4])
    chunks = of(f"{SENTENCE * 7}\n\n{whole}\n\n{SENTENCE * 7}")
    assert sum(whole in chunk.text for chunk in chunks) == 1


def test_a_list_that_is_too_long_is_cut_between_items_below_its_lead() -> None:
    lead = "Do not use it in patients with:"
    items = [
        f"• Disease number {n} of the liver, the kidneys, the heart or lungs" for n in range(40)
    ]
    chunks = of("\n".join([lead, *items]))
    assert len(chunks) > 2
    assert chunks[0].text.startswith(f"{lead}\n{items[0]}")
    assert {chunk.lead for chunk in chunks[1:]} == {lead}
    assert all(chunk.text.split("\n")[-1] in items for chunk in chunks)
    assert not any(chunk.torn_start or chunk.torn_end for chunk in chunks)


def test_items_on_the_next_page_keep_their_lead() -> None:
    chunks = of(f"{SENTENCE}\nDo not use it in patients with:\n{ITEM}", f"{ITEM}\n{ITEM}")
    assert chunks[1].lead == "Do not use it in patients with:"


def test_items_of_a_list_in_a_list_keep_both_leads_and_go_back_to_one() -> None:
    text = "\n".join(
        [
            "Key recommendations are:",
            f"1. {SENTENCE}",
            "2. Post signs at entrances that tell patients to:",
            *[f"{mark}. Cover the mouth and the nose when coughing, sneezing or singing loudly"
              for mark in "abcdefgh"],
            *[f"{number}. {SENTENCE}" for number in range(3, 14)],
        ]
    )  # fmt: skip
    chunks = of(text)
    leads = {chunk.text.split("\n")[0][:2]: chunk.lead for chunk in chunks[1:]}
    assert set(leads.values()) <= {
        "Key recommendations are:",
        "Key recommendations are:\n2. Post signs at entrances that tell patients to:",
    }
    for begin, lead in leads.items():
        assert ("signs" in (lead or "")) == begin[0].isalpha()


BOX_TITLE = (
    "WARNING: SERIOUS ADVERSE REACTIONS INCLUDING TENDINITIS, TENDON\nRUPTURE AND NEUROPATHY"
)


def test_a_boxed_warning_stays_whole() -> None:
    box = "\n".join([BOX_TITLE, *[ITEM] * 6])
    chunks = of(f"{SENTENCE * 3}\n\n{box}\n\n{SENTENCE * 3}")
    (holding,) = [chunk for chunk in chunks if "NEUROPATHY" in chunk.text]
    assert holding.text.startswith(box)
    assert holding.section == " ".join(BOX_TITLE.split())


def boxed(count: int) -> list[str]:
    return [
        f"• Reason number {n} to stop at once and to call the physician on duty"
        for n in range(count)
    ]


@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_a_boxed_warning_over_the_window_is_one_chunk(between: str) -> None:
    """Where text has no frame, blank lines part its paragraphs; a label's head comes with it."""
    box = between.join([BOX_TITLE, *boxed(30)])
    chunks = of(f"{SENTENCE * 3}\n\nACME\n\n{box}\n\n1.1 Skin Infections\n\n{SENTENCE * 3}")
    (holding,) = [chunk for chunk in chunks if "Reason" in chunk.text]
    assert holding.text.endswith(box)
    assert holding.section == " ".join(BOX_TITLE.split())
    assert with_context("", holding).startswith("Boxed warning\n")


@pytest.mark.parametrize("title", ["WARNINGS", "5 WARNINGS AND PRECAUTIONS"])
def test_a_chapter_of_warnings_is_no_box(title: str) -> None:
    chunks = of("\n".join([title, *boxed(30)]) + f"\n6 ADVERSE REACTIONS\n{SENTENCE}")
    assert len([chunk for chunk in chunks if "Reason" in chunk.text]) > 2
    assert not any("Boxed" in with_context("", chunk) for chunk in chunks)


def test_a_box_named_in_a_list_of_contents_does_not_hold_the_list() -> None:
    entries = [f"{n} TITLE OF CHAPTER {n}\n{n}.1 Title of Section {n}" for n in range(1, 14)]
    chunks = of("\n".join(["CONTENTS", BOX_TITLE, *entries]))
    assert len(chunks) > 1


def test_a_boxed_warning_too_long_for_one_is_cut_at_its_items_below_its_title() -> None:
    items = boxed(90)
    chunks = of(f"{SENTENCE * 3}\n\n" + "\n".join([BOX_TITLE, *items]) + f"\n\n{SENTENCE * 3}")
    parts = [chunk for chunk in chunks if "Reason" in chunk.text]
    assert len(parts) > 2
    for part in parts:
        assert part.section == " ".join(BOX_TITLE.split())
    assert all(part.text.startswith("•") for part in parts[1:])


def test_a_sentence_over_a_page_is_marked_as_torn() -> None:
    chunks = of(
        f"{SENTENCE}\nThe dose is reduced in patients who have been given any other drug that may",
        f"cause bleeding, and raised in nobody.\n{SENTENCE}",
    )
    assert [(chunk.torn_start, chunk.torn_end) for chunk in chunks] == [
        (False, True),
        (True, False),
    ]


@pytest.mark.parametrize(
    ("foot", "top"),
    [
        (SENTENCE, SENTENCE),
        (f"{SENTENCE}\n6 ADVERSE REACTIONS", SENTENCE),
        (SENTENCE, f"6 ADVERSE REACTIONS\n{SENTENCE}"),
        (f"Tell your doctor about:\n{ITEM}", f"{ITEM}\n{SENTENCE}"),
        ("Age\tDose\n6 years\t250 mg", "9 years\t500 mg\n12 years\t750 mg"),
    ],
)
def test_what_ends_with_its_page_is_not_torn(foot: str, top: str) -> None:
    assert not any(chunk.torn_start or chunk.torn_end for chunk in of(foot, top))


def test_a_running_head_does_not_tear_a_sentence() -> None:
    pages = [
        f"Ward handbook, page {n}\nDrug {letter} is halved in patients whose kidneys fail,\n"
        f"and drug {letter} is stopped before surgery, in all who were given any other drug of"
        for n, letter in enumerate("abcde", start=1)
    ]
    chunks = of(*pages)
    assert not any("handbook" in chunk.text for chunk in chunks)
    assert all(chunk.torn_start for chunk in chunks[1:])


def test_a_row_that_its_page_cuts_begins_a_chunk_and_has_the_cells_of_the_other_page() -> None:
    head = "Table 1: Doses\nInfection\tSeverity\tAdults\tInfants"
    above, *rest = of(
        f"{SENTENCE * 3}\n\n{head}\n\tMild\t500 mg every 12 hours or\t25 mg/kg or",
        f"Skin\t\t250 mg every 8 hours\t20 mg/kg\nSkin\tSevere\t875 mg\t45 mg/kg\n\n{SENTENCE}",
    )
    upper, lower, *_ = rest
    assert above.text.endswith(head)
    assert (upper.page, upper.text) == (1, "Mild\t500 mg every 12 hours or\t25 mg/kg or")
    assert upper.lead == f"{head}\nSkin\t"
    assert (lower.page, lower.lead) == (2, f"{head}\n\tMild\t")
