"""Claims that give a case the dose of another, or mix two schedules, and others that do not."""

from __future__ import annotations

AGES = (
    "Children 2 to 5 years: amoxicillin 125 mg three times daily. Children 6 to 12 years: "
    "amoxicillin 250 mg three times daily."
)
POTASSIUM = "Potassium 3.0 to 3.4 mmol/L: give 20 mmol. Potassium 2.5 to 2.9 mmol/L: give 40 mmol."
WEIGHTS = "Weight below 50 kg: amoxicillin 500 mg. Weight 50 kg or more: amoxicillin 1 g."
DAYS = "Day 1: 500 mg azithromycin. Day 2: 250 mg azithromycin."
PAIN = "Severe pain: morphine 10 mg. Moderate pain: morphine 5 mg."
YOUNG = "Neonates: gentamicin every 36 hours. Infants: gentamicin every 24 hours."
PLACES = "Meningitis: ceftriaxone 2 g. Pneumonia: ceftriaxone 1 g."
INR = (
    "INR 4.5 to 10: omit two doses of warfarin. "
    "INR above 10: omit warfarin and give vitamin K 5 mg."
)
GFR = (
    "Patients with a GFR of 30 to 59 mL/min: acyclovir 800 mg every 6 hours. Patients with a GFR "
    "less than 30 mL/min: acyclovir 400 mg every 6 hours."
)
OLD = (
    "Patients over 65 years: digoxin 125 micrograms. Patients under 65 years: digoxin 250 "
    "micrograms."
)
STAGES = "Stage 3: dialysis twice weekly. Stage 5: dialysis three times weekly."
BAND = "Potassium 3.0 to 3.4 mmol/L: give 20 mmol. Severe hypokalaemia needs 40 mmol."
FOR_EACH = "For meningitis give ceftriaxone 2 g; for pneumonia give ceftriaxone 1 g."
FOR_BOTH = "For meningitis give ceftriaxone 2 g and for pneumonia give ceftriaxone 1 g."
BEHIND = "Give ceftriaxone 2 g for meningitis. Give ceftriaxone 1 g for pneumonia."
BEHIND_ONE = "Ceftriaxone 2 g for meningitis; ceftriaxone 1 g for pneumonia."
SHARED = "Give aspirin 300 mg and clopidogrel 600 mg to patients with infarction."
ON_DAYS = "On day 1 give azithromycin 500 mg, on days 2 to 5 give 250 mg."
ADULTS = "Adults: amoxicillin 500 mg. Children: 250 mg."
SCHEDULES = "Amoxicillin 500 mg is given three times daily for 7 days or twice daily for 10 days."
LIST = (
    "Amoxicillin by age:\n- 2 to 5 years: 125 mg three times daily\n- 6 to 12 years: 250 mg three "
    "times daily"
)
ROWS = [
    f"Weight{cell}Amoxicillin dose\n10 to 19 kg{cell}125 mg\n20 to 40 kg{cell}250 mg"
    for cell in ("\t", " | ")
]
NAMED_ROWS = [
    f"Meningitis{cell}ceftriaxone 2 g\nPneumonia{cell}ceftriaxone 1 g" for cell in ("\t", " | ")
]
CLEARANCE = (
    "Meropenem dosing in adults. CrCl above 50 mL/min: 1 g every 8 hours. CrCl 26 to 50 mL/min: "
    "1 g every 12 hours."
)
BY_WEIGHT = (
    "- Under 40 kg: 15 mg/kg paracetamol\n- 40 to 50 kg: 500 mg paracetamol\n- Over 50 kg: 1 g "
    "paracetamol"
)
IN_EACH = (
    "In sepsis, give meropenem 1 g every 8 hours. In meningitis, give meropenem 2 g every 8 hours."
)
WHILE = (
    "Meropenem 1 g every 8 hours is used for sepsis, while 2 g every 8 hours is used for "
    "meningitis."
)

CASE_FALSE = [
    (AGES, "Children 2 to 5 years: amoxicillin 250 mg three times daily."),
    (AGES, "Amoxicillin 250 mg three times daily is given to children 2 to 5 years."),
    (AGES, "For children 6 to 12 years, amoxicillin 125 mg is given three times daily."),
    (POTASSIUM, "Potassium 3.0 to 3.4 mmol/L: give 40 mmol."),
    (POTASSIUM, "For potassium 3.0 to 3.4 mmol/L, give 40 mmol."),
    (POTASSIUM, "Give 40 mmol if potassium is 3.0 to 3.4 mmol/L."),
    (POTASSIUM, "Potassium 2.5 to 2.9 mmol/L: give 20 mmol."),
    (WEIGHTS, "Weight below 50 kg: amoxicillin 1 g."),
    (WEIGHTS, "Weight 50 kg or more: amoxicillin 500 mg."),
    (DAYS, "Day 2: 500 mg azithromycin."),
    (DAYS, "Day 1: 250 mg azithromycin."),
    (PAIN, "Moderate pain: morphine 10 mg."),
    (PAIN, "Morphine 5 mg is given for severe pain."),
    (YOUNG, "Neonates: gentamicin every 24 hours."),
    (YOUNG, "Infants: gentamicin every 36 hours."),
    (PLACES, "Pneumonia: ceftriaxone 2 g."),
    (PLACES, "Ceftriaxone 2 g is given for pneumonia."),
    (INR, "INR 4.5 to 10: give vitamin K 5 mg."),
    (GFR, "Patients with a GFR less than 30 mL/min: acyclovir 800 mg every 6 hours."),
    (GFR, "Patients with a GFR less than 30 mL/min receive acyclovir 800 mg every 6 hours."),
    (OLD, "Patients over 65 years: digoxin 250 micrograms."),
    (OLD, "Digoxin 125 micrograms is given to patients under 65 years."),
    (STAGES, "Stage 3: dialysis three times weekly."),
    (BAND, "Potassium 3.0 to 3.4 mmol/L: give 40 mmol."),
    (FOR_EACH, "For pneumonia give ceftriaxone 2 g."),
    (FOR_BOTH, "For pneumonia give ceftriaxone 2 g."),
    (BEHIND, "Give ceftriaxone 2 g for pneumonia."),
    (BEHIND, "Give ceftriaxone 1 g for meningitis."),
    (BEHIND_ONE, "Ceftriaxone 2 g is given for pneumonia."),
    (ON_DAYS, "On day 1 give azithromycin 250 mg."),
    (ADULTS, "Children: amoxicillin 500 mg."),
    (SCHEDULES, "Amoxicillin 500 mg is given three times daily for 10 days."),
    (SCHEDULES, "Amoxicillin 500 mg is given twice daily for 7 days."),
    (LIST, "2 to 5 years: amoxicillin 250 mg three times daily."),
    *((rows, "Weight 10 to 19 kg: 250 mg of amoxicillin.") for rows in ROWS),
    *((rows, "Weight 20 to 40 kg: 125 mg of amoxicillin.") for rows in ROWS),
    *((rows, "Ceftriaxone 2 g is given for pneumonia.") for rows in NAMED_ROWS),
    (
        CLEARANCE,
        "CrCl 26 to 50 mL/min: meropenem 1 g every 8 hours.",
    ),
    (
        "First trimester: folic acid 5 mg. Second trimester: folic acid 400 micrograms.",
        "First trimester: folic acid 400 micrograms.",
    ),
    (
        "Mild croup: dexamethasone 0.15 mg/kg. Severe croup: dexamethasone 0.6 mg/kg.",
        "Severe croup: dexamethasone 0.15 mg/kg.",
    ),
    (
        BY_WEIGHT,
        "Paracetamol 1 g is given to patients of 40 to 50 kg.",
    ),
    (
        BY_WEIGHT,
        "40 to 50 kg: paracetamol 1 g.",
    ),
    (
        IN_EACH,
        "In sepsis, give meropenem 2 g every 8 hours.",
    ),
    (
        WHILE,
        "Meropenem 2 g every 8 hours is used for sepsis.",
    ),
    (
        "The dose is 5 mg for adults and 2.5 mg for the elderly.",
        "The dose is 5 mg for the elderly.",
    ),
    (
        "Loading dose: amiodarone 300 mg. Maintenance dose: amiodarone 900 mg.",
        "Loading dose: amiodarone 900 mg.",
    ),
    ("Intravenous: morphine 5 mg. Oral: morphine 10 mg.", "Oral: morphine 5 mg."),
    (
        "Age\tDose of paracetamol\n3 months\t60 mg\n6 months\t120 mg\n2 years\t180 mg",
        "At 3 months the dose of paracetamol is 120 mg.",
    ),
    (
        "Give prednisolone 40 mg once daily for 5 days, then 20 mg once daily for 7 days.",
        "Prednisolone 40 mg once daily is given for 7 days.",
    ),
    (
        "Either 1 g daily for 3 days or 500 mg twice daily for 6 days of azithromycin is used.",
        "Azithromycin 1 g daily for 6 days is used.",
    ),
    (
        "Doxycycline 100 mg twice daily for 7 days or azithromycin 1 g as a single dose.",
        "Doxycycline 100 mg as a single dose.",
    ),
    (
        "Doxycycline 100 mg twice daily for 7 days or azithromycin 1 g as a single dose.",
        "Azithromycin 1 g for 7 days.",
    ),
    (
        "Doxycycline 100 mg twice daily for 7 days or azithromycin 1 g as a single dose.",
        "Azithromycin 1 g twice daily for 7 days.",
    ),
]

CASE_TRUE = [
    (AGES, "For children 6 to 12 years, amoxicillin 250 mg is given three times a day."),
    (AGES, "Children 2 to 5 years: 125 mg three times daily."),
    (POTASSIUM, "If the potassium is 2.5 to 2.9 mmol/L, give 40 mmol."),
    (POTASSIUM, "Give 20 mmol if potassium is 3.0 to 3.4 mmol/L."),
    (DAYS, "On day 2 azithromycin 250 mg is given."),
    (PAIN, "Morphine 5 mg is given for moderate pain."),
    (YOUNG, "Gentamicin is given every 36 hours in neonates."),
    (PLACES, "Ceftriaxone 2 g is given for meningitis."),
    (INR, "INR above 10: give vitamin K 5 mg."),
    (GFR, "Acyclovir 400 mg every 6 hours is given to patients with a GFR less than 30 mL/min."),
    (OLD, "Digoxin 125 micrograms is given to patients over 65 years."),
    (FOR_EACH, "For pneumonia, ceftriaxone 1 g is given."),
    (FOR_BOTH, "For meningitis, ceftriaxone 2 g is given."),
    (BEHIND, "Ceftriaxone 2 g is given for meningitis."),
    (BEHIND_ONE, "Ceftriaxone 1 g is given for pneumonia."),
    (SHARED, "Clopidogrel 600 mg is given to patients with infarction."),
    (ON_DAYS, "On days 2 to 5 give azithromycin 250 mg."),
    (ADULTS, "Children: amoxicillin 250 mg."),
    (SCHEDULES, "Amoxicillin 500 mg is given three times daily for 7 days."),
    (
        SCHEDULES,
        "Amoxicillin 500 mg is given 3 times a day for 7 days, or twice a day for 10 days.",
    ),
    (LIST, "Amoxicillin 125 mg three times daily at 2 to 5 years."),
    *((rows, "Weight 10 to 19 kg: 125 mg of amoxicillin.") for rows in ROWS),
    *((rows, "Ceftriaxone 1 g is given for pneumonia.") for rows in NAMED_ROWS),
    (
        "Mild croup: dexamethasone 0.15 mg/kg. Severe croup: dexamethasone 0.6 mg/kg.",
        "Dexamethasone 0.6 mg/kg is given in severe croup.",
    ),
    (
        BY_WEIGHT,
        "Over 50 kg: paracetamol 1 g.",
    ),
    (
        IN_EACH,
        "In sepsis, meropenem 1 g is given every 8 hours.",
    ),
    (
        WHILE,
        "Meropenem 1 g every 8 hours is used for sepsis.",
    ),
    (
        "Loading dose: amiodarone 300 mg. Maintenance dose: amiodarone 900 mg.",
        "The loading dose of amiodarone is 300 mg.",
    ),
    ("Intravenous: morphine 5 mg. Oral: morphine 10 mg.", "Morphine 10 mg is given orally."),
    (
        "Age\tDose of paracetamol\n3 months\t60 mg\n6 months\t120 mg\n2 years\t180 mg",
        "At 6 months the dose of paracetamol is 120 mg.",
    ),
    (
        "Give prednisolone 40 mg once daily for 5 days, then 20 mg once daily for 7 days.",
        "Prednisolone 40 mg once daily is given for 5 days.",
    ),
    (
        "Doxycycline 100 mg twice daily for 7 days or azithromycin 1 g as a single dose.",
        "Azithromycin 1 g is given as a single dose.",
    ),
]
