"""Claims about passages: those that say the same in other words, and those that do not."""

from __future__ import annotations

DOSE = (
    "The recommended starting dose of metformin is 500 mg orally twice a day. The maximum "
    "recommended daily dose is 2,550 mg, given in divided doses. Do not use metformin in patients "
    "with an eGFR below 30 mL/min/1.73 m2."
)
CHILD = (
    "In adults, give amoxicillin 500 mg by mouth every 8 hours. In children, give 25 mg/kg/day in "
    "divided doses every 8 hours. Children younger than 3 months must not receive more than "
    "30 mg/kg per day."
)
IV = (
    "Loading dose: vancomycin 1 g IV over 60 minutes, then 15 mg/kg IV q12h. Oral vancomycin "
    "125 mg four times daily is used for C. difficile infection."
)
WARFARIN = (
    "Warfarin is contraindicated in pregnancy. Rifampin decreases the effect of warfarin, and "
    "fluconazole increases it. Check the INR every 2 to 4 weeks. Stop warfarin 5 days before "
    "surgery."
)
PAIN = (
    "Aspirin 75 mg once daily or clopidogrel 300 mg is given. Paracetamol 0.5 to 1 g may be given "
    "every 4 to 6 hours; the total must not exceed 4 g in 24 hours."
)
INSULIN = (
    "Inject insulin glargine subcutaneously once daily at the same time every day. Hypoglycemia is "
    "the most common adverse reaction. Do not dilute or mix it with any other insulin."
)
LABS = (
    "Withhold the drug if potassium is above 5.5 mmol/L. Restart at half the dose when it falls "
    "below 5.0 mmol/L. Monitor renal function at least once a year in patients aged 65 years and "
    "older."
)
PEN = (
    "Use the pen within 28 days of first use. Store unopened pens in a refrigerator at 2°C to 8°C. "
    "Never share a pen, even if the needle is changed."
)

TRUE = [
    (DOSE, "The recommended starting dose of metformin is 500 mg orally twice a day."),
    (DOSE, "Start metformin at 500 mg by mouth twice daily."),
    (DOSE, "Metformin is started at a dose of 0.5 g PO BID."),
    (DOSE, "The starting dose of metformin is 500 mg orally every 12 hours."),
    (DOSE, "The starting dose is 500 mg twice daily."),
    (DOSE, "The starting metformin dose is 500 milligrams, taken orally two times per day."),
    (DOSE, "The maximum daily dose is 2.55 g."),
    (DOSE, "The maximum recommended dose is 2550 mg per day in divided doses."),
    (DOSE, "Metformin should not be used in patients with an eGFR below 30 mL/min/1.73 m2."),
    (DOSE, "Avoid metformin in patients with an eGFR <30 mL/min/1.73 m2."),
    (DOSE, "Metformin is not to be used when the eGFR is less than 30."),
    (CHILD, "Adults should be given amoxicillin 500 mg orally three times daily."),
    (CHILD, "Give adults 0.5 g of amoxicillin PO TID."),
    (CHILD, "Give amoxicillin 500 mg q8h by mouth in adults."),
    (CHILD, "In children, 25 mg/kg per day is given in divided doses every eight hours."),
    (CHILD, "Pediatric patients are given 25 mg per kg per day in divided doses, TID."),
    (CHILD, "Children younger than 3 months must receive no more than 30 mg/kg/day."),
    (CHILD, "In children under 3 months, the maximum is 30 mg/kg daily."),
    (IV, "The loading dose of vancomycin is 1000 mg intravenously over one hour."),
    (IV, "Then vancomycin 15 mg/kg IV is given twice daily."),
    (IV, "Vancomycin 125 mg orally QID is used for C. difficile infection."),
    (IV, "For C. difficile infection, oral vancomycin 0.125 g is used every 6 hours."),
    (WARFARIN, "Warfarin must not be used in pregnancy."),
    (WARFARIN, "Warfarin is contraindicated in pregnant women."),
    (WARFARIN, "Do not give warfarin during pregnancy."),
    (WARFARIN, "Fluconazole increases it."),
    (WARFARIN, "The effect of warfarin is reduced by rifampin."),
    (WARFARIN, "The INR should be checked every two to four weeks."),
    (WARFARIN, "Warfarin should be discontinued 5 days prior to surgery."),
    (WARFARIN, "Discontinue warfarin five days before surgery."),
    (PAIN, "Aspirin is given at 75 mg daily."),
    (PAIN, "Clopidogrel is given at a dose of 300 mg."),
    (PAIN, "Paracetamol 500 mg to 1000 mg may be given every 4-6 hours."),
    (PAIN, "Paracetamol may be given at 0.5–1 g q4-6h."),
    (PAIN, "The total dose of paracetamol must be no more than 4 g per day."),
    (PAIN, "The total of paracetamol is at most 4000 mg per 24 hours."),
    (INSULIN, "Insulin glargine is injected under the skin once a day."),
    (INSULIN, "Insulin glargine is given subcutaneously every 24 hours at the same time."),
    (INSULIN, "The most frequent side effect is hypoglycaemia."),
    (INSULIN, "It must not be mixed with any other insulin."),
    (INSULIN, "Avoid mixing or diluting it with any other insulin."),
    (LABS, "The drug should be withheld if the potassium is greater than 5.5 mmol/L."),
    (LABS, "Stop the drug when potassium is >5.5 mmol/L."),
    (LABS, "Restart at 50% of the dose when potassium falls below 5 mmol/L."),
    (LABS, "Kidney function is monitored at least yearly in patients 65 years or older."),
    (LABS, "Monitor renal function at least once per year in patients aged ≥65 years."),
    (PEN, "The pen should be used within four weeks of first use."),
    (PEN, "Unopened pens are stored in a refrigerator between 2°C and 8°C."),
    (PEN, "Pens must not be shared, even if the needle is changed."),
    (PEN, "A pen should never be shared."),
]

FALSE = [
    # the number
    (DOSE, "The starting dose of metformin is 5000 mg orally twice a day."),
    (DOSE, "The starting dose of metformin is 50 mg orally twice a day."),
    (DOSE, "The starting dose of metformin is 5 g orally twice a day."),
    (DOSE, "The maximum daily dose is 2,055 mg."),
    (DOSE, "The maximum daily dose is 500 mg."),
    (DOSE, "The starting dose of metformin is 2,550 mg."),
    (CHILD, "In children, give 2.5 mg/kg/day in divided doses."),
    (CHILD, "Children younger than 6 months must not receive more than 30 mg/kg per day."),
    (PAIN, "Paracetamol 1 to 2 g may be given every 4 to 6 hours."),
    (PAIN, "Paracetamol 1 g may be given every 4 to 6 hours."),
    (PAIN, "The total of paracetamol must not exceed 40 g in 24 hours."),
    (WARFARIN, "Check the INR every 4 to 6 weeks."),
    (WARFARIN, "Stop warfarin 7 days before surgery."),
    (PEN, "Use the pen within 42 days of first use."),
    (PEN, "Use the pen within 8 days of first use."),
    # the unit
    (DOSE, "The starting dose of metformin is 500 mcg orally twice a day."),
    (DOSE, "The starting dose of metformin is 500 g orally twice a day."),
    (DOSE, "The starting dose of metformin is 500 mg/kg orally twice a day."),
    (DOSE, "The starting dose of metformin is 500 mL orally twice a day."),
    (CHILD, "In children, give 25 mcg/kg/day in divided doses every 8 hours."),
    (CHILD, "In children, give 25 mg/day in divided doses every 8 hours."),
    (CHILD, "Children younger than 3 years must not receive more than 30 mg/kg per day."),
    (IV, "Vancomycin 1 g IV is given over 60 hours."),
    (IV, "Vancomycin 1 mg IV is given over 60 minutes."),
    (WARFARIN, "Check the INR every 2 to 4 days."),
    (WARFARIN, "Stop warfarin 5 weeks before surgery."),
    (LABS, "Withhold the drug if potassium is above 5.5 mEq/L."),
    (PEN, "Store unopened pens in a refrigerator at 2°F to 8°F."),
    # how often, per day or per dose
    (DOSE, "The starting dose of metformin is 500 mg orally once a day."),
    (DOSE, "The starting dose of metformin is 500 mg orally three times a day."),
    (DOSE, "The starting dose of metformin is 500 mg per day."),
    (DOSE, "The starting dose of metformin is 500 mg weekly."),
    (DOSE, "The starting dose of metformin is 500 mg every 8 hours."),
    (CHILD, "In children, give 25 mg/kg per dose every 8 hours."),
    (CHILD, "In adults, give amoxicillin 500 mg by mouth every 6 hours."),
    (CHILD, "In adults, give amoxicillin 500 mg by mouth BID."),
    (IV, "Vancomycin 15 mg/kg IV is given every 8 hours."),
    (IV, "Vancomycin 125 mg orally twice daily is used for C. difficile infection."),
    (IV, "Oral vancomycin 125 mg q12h is used for C. difficile infection."),
    (PAIN, "Aspirin 75 mg is given twice daily."),
    (PAIN, "The total of paracetamol must not exceed 4 g in a week."),
    (INSULIN, "Inject insulin glargine subcutaneously twice daily at the same time."),
    # the route
    (DOSE, "The starting dose of metformin is 500 mg intravenously twice a day."),
    (DOSE, "The starting dose of metformin is 500 mg IM twice a day."),
    (IV, "Vancomycin 1 g is given orally over 60 minutes."),
    (IV, "Vancomycin 125 mg IV four times daily is used for C. difficile infection."),
    (INSULIN, "Inject insulin glargine intravenously once daily."),
    # whose
    (DOSE, "The starting dose of glipizide is 500 mg orally twice a day."),
    (DOSE, "The starting dose of rosuvastatin is 500 mg orally twice a day."),
    (PAIN, "Aspirin is given at a dose of 300 mg."),
    (PAIN, "Clopidogrel 75 mg once daily is given."),
    (PAIN, "Ticagrelor 75 mg once daily is given."),
    (PAIN, "Ibuprofen 0.5 to 1 g may be given every 4 to 6 hours."),
    (INSULIN, "Inject insulin detemir subcutaneously once daily."),
    (INSULIN, "Hyperglycemia is the most common adverse reaction."),
    (INSULIN, "Hypokalemia is the most common adverse reaction."),
    (WARFARIN, "Heparin is contraindicated in pregnancy."),
    (WARFARIN, "Warfarin is contraindicated in epilepsy."),
    # in whom
    (CHILD, "In children, give amoxicillin 500 mg by mouth every 8 hours."),
    (CHILD, "In adults, give 25 mg/kg/day in divided doses every 8 hours."),
    (CHILD, "In infants, give 25 mg/kg/day in divided doses every 8 hours."),
    (CHILD, "Give 25 mg/kg/day in divided doses every 8 hours."),
    (WARFARIN, "Warfarin is contraindicated in breastfeeding."),
    (WARFARIN, "Warfarin is contraindicated in children."),
    (LABS, "Monitor renal function at least once a year in children."),
    # the bound
    (DOSE, "Do not use metformin in patients with an eGFR above 30 mL/min/1.73 m2."),
    (DOSE, "Do not use metformin in patients with an eGFR ≥30 mL/min/1.73 m2."),
    (DOSE, "The daily dose is 2,550 mg."),
    (DOSE, "The minimum daily dose is 2,550 mg."),
    (CHILD, "Children older than 3 months must not receive more than 30 mg/kg per day."),
    (CHILD, "Children younger than 3 months must receive at least 30 mg/kg per day."),
    (PAIN, "The total of paracetamol must be at least 4 g in 24 hours."),
    (PAIN, "The total of paracetamol may exceed 4 g in 24 hours."),
    (LABS, "Withhold the drug if potassium is below 5.5 mmol/L."),
    (LABS, "Withhold the drug if potassium is 5.5 mmol/L or more."),
    (LABS, "Monitor renal function at least once a year in patients aged 65 years or younger."),
    (LABS, "Monitor renal function at least once a year in patients under 65 years."),
    # denial
    (DOSE, "Use metformin in patients with an eGFR below 30 mL/min/1.73 m2."),
    (DOSE, "The starting dose of metformin is not 500 mg orally twice a day."),
    (WARFARIN, "Warfarin is not contraindicated in pregnancy."),
    (WARFARIN, "Warfarin is recommended in pregnancy."),
    (WARFARIN, "Warfarin can be used in pregnancy."),
    (WARFARIN, "Do not stop warfarin 5 days before surgery."),
    (WARFARIN, "Do not check the INR every 2 to 4 weeks."),
    (INSULIN, "Dilute or mix it with any other insulin."),
    (INSULIN, "It can be mixed with any other insulin."),
    (INSULIN, "Hypoglycemia is not the most common adverse reaction."),
    (PEN, "Pens can be shared if the needle is changed."),
    (PEN, "Do not store unopened pens in a refrigerator at 2°C to 8°C."),
    (LABS, "Do not withhold the drug if potassium is above 5.5 mmol/L."),
    # the opposite
    (WARFARIN, "Rifampin increases the effect of warfarin."),
    (WARFARIN, "Fluconazole decreases the effect of warfarin."),
    (WARFARIN, "The effect of warfarin is raised by rifampin."),
    (WARFARIN, "Stop warfarin 5 days after surgery."),
    (WARFARIN, "Start warfarin 5 days before surgery."),
    (LABS, "Restart at double the dose when it falls below 5.0 mmol/L."),
    (LABS, "Restart at half the dose when it rises below 5.0 mmol/L."),
    (INSULIN, "Hypoglycemia is the least common adverse reaction."),
    (DOSE, "The recommended starting dose of metformin is 500 mg orally twice a day only."),
    # nothing of the passage
    (DOSE, "Patients should receive good care."),
    (DOSE, "The capital of France is Paris."),
    (DOSE, "Metformin cures diabetes."),
    (PEN, "Yes."),
    (PEN, "Use it."),
]
