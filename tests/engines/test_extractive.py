from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from appliance.domain import Passage, Question
from appliance.engines import extractive
from appliance.engines.candidates import Candidate, candidates
from appliance.engines.choice import MOST_QUOTES
from appliance.engines.embedder import LlamaEmbedder
from appliance.engines.extractive import ExtractiveAnswerer
from appliance.engines.introductions import introduction, introductions
from appliance.errors import Unavailable
from appliance.sentences import fold
from appliance.services.grounding import ground
from tests.embedding_model import embedding_model
from tests.engines.questions import passage
from tests.engines.word_embedder import WordEmbedder

METFORMIN = passage(
    "2.1 Adult Dosage\n"
    "The recommended starting dose of metformin tablets in adults is 500 mg\n"
    "orally twice a day, given with meals. Increase the dose in increments of 500 mg weekly.\n"
    "2.2 Pediatric Dosage\n"
    "The recommended starting dose of metformin tablets is 250 mg once a day.\n"
    "Tablets are white and round and have a line on one side of them.\n",
    1,
    title="Metformin label",
)
WARFARIN = passage(
    "WARNING: BLEEDING RISK\n"
    "See full prescribing information for complete boxed warning.\n"
    "Warfarin can cause major or fatal bleeding in all patients who are treated. (5.1)\n"
    "Perform regular monitoring of the INR in all treated patients of the ward. (2.1)\n"
    "Drugs and changes of the diet affect the INR levels that are achieved. (7)\n"
    "INDICATIONS AND USAGE\n"
    "Warfarin is a vitamin K antagonist indicated for prophylaxis of venous thrombosis.\n"
    "The starting dose of warfarin is usually 2 to 5 mg once daily.\n",
    2,
    title="Warfarin label",
)
GUIDE = passage(
    "11\n"
    "Injection Safety\n"
    "Key recommendations for safe injection practices:\n"
    "1. Use aseptic technique when preparing medications.\n"
    "2. Do not administer medications from single-dose vials to more than one patient.\n"
    "3. Dispose of used sharps at the point of use in a sharps container.\n"
    "Hand hygiene is performed in these situations:\n"
    "a. before contact with a patient\n"
    "b. after contact with blood\n",
    3,
    title="Infection guide",
)
ALL = (METFORMIN, WARFARIN, GUIDE)


async def answer(text: str, passages: Sequence[Passage] = ALL) -> str:
    engine = ExtractiveAnswerer(WordEmbedder())
    return "".join([piece async for piece in engine.answer(Question(text, tuple(passages)))])


def lines(text: str) -> list[str]:
    first, gap, *rest = text.split("\n")
    assert first.startswith("From ") and first.endswith(":") and gap == ""
    return rest


def assert_word_for_word(text: str, passages: Sequence[Passage] = ALL) -> None:
    for line in lines(text):
        words, _, marker = line.rpartition(" ")
        number = int(marker.strip("[]"))
        assert words.removeprefix("- ") in fold(passages[number - 1].chunk.text)


async def test_a_dose_is_quoted_for_whom_it_is() -> None:
    text = await answer("What is the starting dose of metformin in adults?")
    assert_word_for_word(text)
    assert (
        lines(text)[0] == "The recommended starting dose of metformin tablets in adults is 500 mg "
        "orally twice a day, given with meals. [1]"
    )
    assert "250 mg" not in text
    assert "2 to 5 mg" not in text


async def test_a_childs_dose_is_never_quoted_without_saying_so() -> None:
    text = await answer("What is the starting dose of metformin?")
    assert_word_for_word(text)
    found = lines(text)
    assert found.index("2.2 Pediatric Dosage [1]") + 1 == found.index(
        "- The recommended starting dose of metformin tablets is 250 mg once a day. [1]"
    )


async def test_a_boxed_warning_is_quoted_whole_and_nothing_else() -> None:
    text = await answer("What is the boxed warning for warfarin?")
    assert lines(text) == [
        "Warfarin can cause major or fatal bleeding in all patients who are treated. [2]",
        "Perform regular monitoring of the INR in all treated patients of the ward. [2]",
        "Drugs and changes of the diet affect the INR levels that are achieved. [2]",
    ]


async def test_nothing_of_a_boxed_warning_is_left_out_for_what_it_says() -> None:
    """Neither for its words nor because its sentences, below a long title, are near each other."""
    title = "WARNING: SERIOUS REACTIONS INCLUDING RUPTURE OF TENDONS, SEIZURES AND NEUROPATHY"
    said = [
        "Stop the tablets at once when any of these is felt by the patient.",
        "Muscles may weaken further in people who have myasthenia gravis already.",
        "Keep them for infections that nothing else is left for.",
    ]
    box = passage("\n".join((title, *said)), 4, title="Quinolone label")
    others = [
        passage(f"The boxed warning of quinolone does say {n} things here.", n, title="Quinolone")
        for n in range(5, 50)
    ]
    text = await answer("What does the boxed warning of quinolone say?", (*others, box))
    assert lines(text) == [f"{sentence} [46]" for sentence in said]


async def test_an_item_of_a_list_comes_with_its_lead() -> None:
    text = await answer("How should single-dose vials be handled?")
    assert lines(text) == [
        "Key recommendations for safe injection practices: [3]",
        "- Do not administer medications from single-dose vials to more than one patient. [3]",
    ]


async def test_a_list_comes_whole() -> None:
    text = await answer("When is hand hygiene performed?")
    assert lines(text) == [
        "Hand hygiene is performed in these situations: [3]",
        "- before contact with a patient [3]",
        "- after contact with blood [3]",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Who won the 1998 World Cup?",
        "What is the starting dose of vancomycin?",
        "What are the contraindications of sildenafil?",
        "What is the boxed warning for metformin?",  # its label here has none
        "",
        "???",
    ],
)
async def test_where_nothing_answers_nothing_is_said(text: str) -> None:
    assert await answer(text) == ""


async def test_without_passages_nothing_is_said_and_nothing_embedded() -> None:
    embedder = WordEmbedder()
    engine = ExtractiveAnswerer(embedder)
    assert [piece async for piece in engine.answer(Question("What?", ()))] == []
    assert embedder.texts == []


async def test_a_documents_own_marks_are_none_of_the_answers() -> None:
    cited = passage(
        "Sepsis care\nGive the first dose of ceftriaxone within one hour of sepsis [2]. "
        "Ceftriaxone is repeated daily until the sepsis [12, 13] of the patient resolves [1].\n",
        title="Sepsis guide",
    )
    said = await answer("When is ceftriaxone given in sepsis?", [cited])
    assert "within one hour of sepsis (2). [1]" in said
    assert "[2]" not in said and "[12" not in said
    assert "(12, 13)" in said and "resolves (1). [1]" in said
    result = ground(said, [cited], str, introduction=[introduction([cited])])
    assert all(s.supported and s.citations == (1,) for s in result.sentences)
    (citation,) = result.citations
    # What is quoted stays word for word.
    assert citation.snippet == fold(cited.chunk.text.partition("\n")[2])


async def test_what_nobody_sees_is_quoted_and_not_said() -> None:
    text = "The starting dose of \u202ewarfarin is usually 2 to\u200b 5 mg once dai\u00adly."
    hiding = passage(text, title="Warfarin label")
    said = await answer("What is the starting dose of warfarin?", [hiding])
    assert said.endswith("The starting dose of warfarin is usually 2 to 5 mg once daily. [1]")
    result = ground(said, [hiding], str, introduction=[introduction([hiding])])
    assert [sentence.supported for sentence in result.sentences] == [True]
    assert [citation.snippet for citation in result.citations] == [text]


async def test_nothing_is_said_twice() -> None:
    text = await answer("What is the boxed warning for warfarin?", (WARFARIN, WARFARIN))
    found = [line.rpartition(" ")[0] for line in lines(text)]
    assert len(found) == len(set(found)) == 3


async def test_long_answers_are_bounded() -> None:
    many = passage(
        " ".join(f"The dose of warfarin on day {n} of week {n} is {n} mg." for n in range(60)),
        title="Warfarin label",
    )
    text = await answer("What is the dose of warfarin?", (many,))
    assert 1 <= len(lines(text)) <= MOST_QUOTES
    assert_word_for_word(text, (many,))


async def test_the_answer_comes_in_pieces() -> None:
    engine = ExtractiveAnswerer(WordEmbedder())
    asked = Question("What is the boxed warning for warfarin?", ALL)
    pieces = [piece async for piece in engine.answer(asked)]
    assert pieces[0].removesuffix("\n\n") in introductions(ALL)
    assert len(pieces) >= 6
    assert engine.name == "extractive"
    await engine.close()


async def test_with_the_real_model() -> None:
    embedder = await LlamaEmbedder.open(embedding_model(), threads=1)
    engine = ExtractiveAnswerer(embedder)
    asked = {
        "What is the boxed warning for warfarin?": "fatal bleeding",
        "What dose of metformin do adults begin with?": "500 mg",
        "May a single-dose vial be used for two patients?": "more than one patient",
        "Who won the 1998 World Cup?": "",
    }
    for text, expected in asked.items():
        said = "".join([piece async for piece in engine.answer(Question(text, ALL))])
        if expected:
            assert expected in said
            assert_word_for_word(said)
        else:
            assert said == ""
    await embedder.close()


async def test_quotes_are_sought_off_the_event_loop_until_it_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[threading.Thread] = []

    def watched(question: Question) -> list[Candidate]:
        threads.append(threading.current_thread())
        return candidates(question)

    monkeypatch.setattr(extractive, "candidates", watched)
    answerer = ExtractiveAnswerer(WordEmbedder())
    question = Question("What is the starting dose of metformin?", ALL, ())
    assert [piece async for piece in answerer.answer(question)]
    assert threads and threading.main_thread() not in threads
    await answerer.close()
    assert not any(thread.is_alive() for thread in threads)
    with pytest.raises(Unavailable):
        await answerer.check()
    with pytest.raises(Unavailable):
        await anext(answerer.answer(question))


LABEL = passage(
    "Treatment\n"
    "Treat for as long as it takes. The duration of treatment with zelocin is as follows:\n"
    "For patients with a first clot after surgery, zelocin for 3 months\n"
    "is recommended.\n"
    "For patients with a first clot and no cause, zelocin for at least 3\n"
    "months. After 3 months weigh the risk of zelocin.\n",
    1,
    title="Zelocin label",
)
MORE = passage(
    "For patients with a second clot, zelocin is given long-term.\n"
    "For the dentist a note about zelocin is carried along at all times.\n",
    2,
    title="Zelocin label",
)


def under(section: str, *found: Passage) -> list[Passage]:
    return [replace(p, chunk=replace(p.chunk, section=section)) for p in found]


async def test_no_case_of_a_list_is_told_without_the_others() -> None:
    text = await answer(
        "How long is zelocin given for a first clot with no cause?",
        under("Treatment", LABEL, MORE),
    )
    assert lines(text) == [
        "The duration of treatment with zelocin is as follows: [1]",
        "- For patients with a first clot after surgery, zelocin for 3 months is recommended. [1]",
        "- For patients with a first clot and no cause, zelocin for at least 3 months. "
        "After 3 months weigh the risk of zelocin. [1]",
        "For patients with a second clot, zelocin is given long-term. [2]",
    ]


async def test_what_limits_an_answer_is_said_and_pushes_nothing_out() -> None:
    dose = "The dose of zelocin in children with renal failure is 5 mg/kg a day."
    limit = "There are no recommendations for zelocin in pediatric patients with renal failure."
    asked = "What is the dose of zelocin in a child with renal failure?"
    found = [passage(f"Zelocin is white and round. {dose} {limit}\n", title="Zelocin label")]
    assert lines(await answer(asked, found)) == [f"{dose} [1]", f"{limit} [1]"]


async def test_the_dose_of_another_thing_is_not_given() -> None:
    found = [
        passage(
            "The starting dose of zelocin is 2 to 5 mg once daily.\n"
            "Zelocin is reversed by stopping zelocin and by oral antidotin.\n",
            title="Zelocin label",
        )
    ]
    text = await answer("how to reverse zelocin, antidotin dose", found)
    assert lines(text) == ["Zelocin is reversed by stopping zelocin and by oral antidotin. [1]"]
    assert "2 to 5 mg" in await answer("zelocin starting dose", found)


async def test_a_dose_of_animals_or_of_a_trial_is_nobodys() -> None:
    found = [
        passage(
            "Zelocin was given to pregnant rats at doses up to 600 mg/kg/day.\n"
            "At the end of the trial 70% of the pregnant patients took a dose of 500 mg zelocin.\n",
            title="Zelocin label",
        )
    ]
    assert await answer("zelocin dose in pregnancy", found) == ""
    assert "600 mg/kg" in await answer("zelocin dose in pregnant rats", found)


async def test_what_is_said_for_want_of_what_is_known_is_not_quoted() -> None:
    found = [
        passage(
            "If the GENX genotype is not known, the starting dose of zelocin is 5 mg.\n"
            "With GENX *1/*3 or *3/*3 the starting dose of zelocin is 1 mg.\n",
            title="Zelocin label",
        )
    ]
    text = await answer("GENX *3/*3 zelocin starting dose", found)
    assert lines(text) == ["With GENX *1/*3 or *3/*3 the starting dose of zelocin is 1 mg. [1]"]
    assert "5 mg" in await answer("zelocin starting dose, GENX not known", found)


async def test_a_question_whether_gets_the_item_and_not_the_list() -> None:
    found = [
        passage(
            "Zelocin is contraindicated in patients with:\n"
            "• Pregnancy\n"
            "• Bleeding\n"
            "• Liver failure\n",
            title="Zelocin label",
        )
    ]
    lead = "Zelocin is contraindicated in patients with: [1]"
    assert lines(await answer("zelocin contraindicated in pregnancy?", found)) == [
        lead,
        "- Pregnancy [1]",
    ]
    whole = [lead, "- Pregnancy [1]", "- Bleeding [1]", "- Liver failure [1]"]
    assert lines(await answer("What are the contraindications of zelocin?", found)) == whole
    # What is not in the list is denied by all of it.
    assert lines(await answer("zelocin contraindicated in glaucoma?", found)) == whole


async def test_a_question_for_a_dose_gets_the_items_about_it_of_a_list_on_something_else() -> None:
    found = [
        passage(
            "Tell your doctor if you take:\n• water pills\n• dose changes of zelocin\n• steroids\n",
            title="Zelocin label",
        )
    ]
    assert lines(await answer("dose changes of zelocin", found)) == [
        "Tell your doctor if you take: [1]",
        "- dose changes of zelocin [1]",
    ]


async def test_items_that_only_count_together_stay_together() -> None:
    items = "• Pregnancy\n• Bleeding\n• Liver failure\n"
    lead = "Zelocin is contraindicated in patients with all of the following:"
    found = [passage(f"{lead}\n{items}", title="Zelocin label")]
    assert len(lines(await answer("zelocin contraindicated in pregnancy?", found))) == 4


async def test_a_heading_far_above_says_for_whom() -> None:
    adult = passage("Tablets\nThe starting dose of zelocin is 500 mg twice a day.\n", 1)
    child = passage("The starting dose of zelocin for children is 250 mg a day.\n", 2)
    path = ("2 DOSAGE", "2.1 Adult Dosage")
    adult = replace(adult, chunk=replace(adult.chunk, path=path, section="Tablets"))
    assert lines(await answer("zelocin starting dose", [adult])) == [
        "2.1 Adult Dosage [1]",
        "- The starting dose of zelocin is 500 mg twice a day. [1]",
    ]
    assert "500 mg" not in await answer("zelocin starting dose in a child", [adult, child])


async def test_one_list_may_be_long_and_no_second_one_comes_on_top() -> None:
    def listed(name: str, count: int) -> str:
        items = "".join(f"• rash of kind {name}{n}\n" for n in range(count))
        return f"The side effects of zelocin {name} are:\n{items}"

    found = [passage(f"{listed('a', 7)}\n{listed('b', 7)}", title="Zelocin label")]
    assert len(lines(await answer("What are the side effects of zelocin?", found))) == 8


async def test_a_box_of_many_sentences_is_whole() -> None:
    said = [f"Zelocin can harm organ {n} of the body of anybody who takes it." for n in range(9)]
    box = passage("\n".join(("WARNING: HARM", *said)), title="Zelocin label")
    other = passage(f"WARNING: HARM\n{said[0]} Ask for more.", 2, title="Zelocin capsules label")
    for found in ([box], [box, other]):
        text = await answer("What is the boxed warning of zelocin?", found)
        assert lines(text) == [f"{sentence} [1]" for sentence in said]


async def test_where_a_list_goes_on_that_is_too_long_to_quote_is_said() -> None:
    items = [
        f"- Zelocin is kept away from thing {n} of the ward, {'as it says ' * 20}now."
        for n in range(8)
    ]
    found = passage("\n".join(("Keep zelocin safe in these ways:", *items)), title="Zelocin label")
    text = await answer("How is zelocin kept away from things of the ward?", [found])
    note = "What is quoted goes on in Zelocin label, page 1."
    assert text.endswith(f"\n\n{note}")
    assert text.count("\n- ") < len(items)
    result = ground(text, [found], str, introduction=introductions([found]))
    assert result.sentences and all(sentence.supported for sentence in result.sentences)
    assert not any(text[s.start : s.end] == note for s in result.sentences)


async def test_a_sentence_that_a_page_cuts_in_two_is_told_with_both_its_pages() -> None:
    one = passage("Avoid zelocin in patients who have an arrhythmia and", 1, title="Zelocin label")
    other = passage("in patients who take amiodarone at home.", 2, title="Zelocin label")
    first = replace(one, chunk=replace(one.chunk, ordinal=1, torn_end=True))
    second = replace(
        other, document=one.document, chunk=replace(other.chunk, ordinal=2, torn_start=True)
    )
    text = await answer("Who should avoid zelocin, with amiodarone?", (first, second))
    assert lines(text) == [
        "Avoid zelocin in patients who have an arrhythmia and [1]",
        "in patients who take amiodarone at home. [2]",
    ]
