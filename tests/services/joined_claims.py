"""Claims that swap, join or lose what a passage keeps apart, and others that do not."""

from __future__ import annotations

DENIED = (
    "Metoprolol should not be stopped abruptly. It can be given with food. Patients without "
    "asthma may receive propranolol. Do not give ibuprofen to patients with renal impairment."
)
RANGES = (
    "Give enoxaparin 30 mg to 40 mg subcutaneously once daily for 7 to 10 days. In obese "
    "patients the range is 40 to 60 mg."
)
UNITS = (
    "Give levothyroxine 50 mcg once daily. Digoxin 250 micrograms is given once daily. Give "
    "morphine 10 mg every 4 hours."
)
BY_WEIGHT = (
    "Gentamicin 5 mg/kg is given once daily. The maximum single dose is 400 mg. Heparin 80 "
    "units/kg is given as a bolus, then 18 units/kg/hour."
)
BY_DAY = (
    "Children receive 40 mg/kg/day in three divided doses. The maximum dose is 1 g per dose. "
    "Adults receive 500 mg per dose, at most 3 g per day."
)
BOUNDS = (
    "Treat potassium of less than 3.0 mmol/L intravenously. Monitor for at least 24 hours. Wait "
    "at least 4 hours between doses. Infuse over no less than 60 minutes. Do not exceed 10 mmol "
    "per hour."
)
DRUGS = (
    "Atenolol lowers heart rate. Amlodipine lowers blood pressure. Lisinopril 10 mg once daily "
    "is used in hypertension, and bisoprolol 5 mg once daily in heart failure."
)
GROUPS = (
    "In pregnant women, labetalol 100 mg twice daily is recommended. In elderly patients, start "
    "with 2.5 mg. Men aged over 50 years are given 10 mg. Women are given 5 mg."
)
CONDITIONS = (
    "If the INR is above 8 and there is no bleeding, stop warfarin and give vitamin K 5 mg "
    "orally. If there is major bleeding, give vitamin K 5 mg intravenously."
)
ORDER = (
    "Give adenosine 6 mg first. If ineffective give 12 mg. Stop heparin 6 hours before surgery "
    "and restart it 12 hours after surgery."
)
ORGANS = (
    "In mild renal impairment give 200 mg daily. In severe renal impairment give 100 mg daily. "
    "In hepatic impairment no dose adjustment is needed."
)
EXCEPTIONS = (
    "All patients except those with penicillin allergy receive amoxicillin. Aspirin is "
    "effective but clopidogrel is not recommended. Only nurses may give it."
)
LISTS = (
    "Contraindications: pregnancy; active bleeding; severe hypertension. Indications: atrial "
    "fibrillation; deep vein thrombosis."
)
COMPARED = (
    "Drug A caused nausea in 5% of patients and vomiting in 12% of patients. Mortality was "
    "higher with dopamine than with noradrenaline."
)
COURSES = "Take one tablet twice daily for 5 days, then one tablet once daily for 10 days."
RARITY = (
    "Rarely, metformin causes lactic acidosis. Metformin commonly causes diarrhea. Rash has "
    "been reported rarely."
)
NEEDS = (
    "No dose adjustment is necessary in patients over 65 years. Routine monitoring is not required."
)
APIXABAN = (
    "The recommended dose of apixaban is 5 mg taken orally twice daily. Reduce the dose to 2.5 "
    "mg twice daily in patients with at least two of the following: age 80 years or older, body "
    "weight 60 kg or less, or serum creatinine 1.5 mg/dL or higher. Discontinue apixaban at "
    "least 48 hours before elective surgery with a moderate or high risk of bleeding, and at "
    "least 24 hours before surgery with a low risk."
)
PHENYTOIN = (
    "Phenytoin is loaded at 20 mg/kg intravenously at a rate not exceeding 50 mg per minute. "
    "Maintenance is 100 mg orally every 8 hours. Fosphenytoin may be infused at up to 150 mg "
    "per minute. Monitor the electrocardiogram during the infusion."
)
TOCILIZUMAB = (
    "Tocilizumab should not be started in patients with an absolute neutrophil count below "
    "2,000 per mm3. Methotrexate can be continued. Live vaccines must not be given during "
    "treatment. Inactivated vaccines may be given."
)
CEFEPIME = (
    "For adults with normal renal function the dose of cefepime is 2 g every 8 hours. When "
    "creatinine clearance is 30 to 60 mL/min, give 2 g every 12 hours; when it is 11 to 29 "
    "mL/min, give 2 g every 24 hours. Infuse each dose over 30 minutes."
)
ACETAMINOPHEN = (
    "Patients who weigh less than 50 kg are given 15 mg/kg of acetaminophen every 6 hours, up "
    "to 75 mg/kg/day. Those who weigh 50 kg or more are given 1,000 mg every 6 hours, up to "
    "4,000 mg per day. Hepatotoxicity has been reported with overdose."
)
CLOZAPINE = (
    "Clozapine carries a risk of agranulocytosis; olanzapine causes weight gain. Quetiapine is "
    "less likely to cause extrapyramidal symptoms than haloperidol. Check the white cell count "
    "weekly for 18 weeks and every two weeks thereafter."
)
STEROIDS = (
    "Hydrocortisone 100 mg is given intravenously, followed by 50 mg every 6 hours. Once the "
    "patient is stable, switch to prednisolone 20 mg by mouth each morning. Do not stop "
    "corticosteroids suddenly in patients who have taken them for longer than 3 weeks."
)
VIALS = (
    "Store unopened insulin vials at 2°C to 8°C. Once opened, a vial may be kept at room "
    "temperature for up to 28 days. Do not freeze. Discard a vial that has been frozen."
)

JOINED_TRUE = [
    (DENIED, "Propranolol may be given to patients without asthma."),
    (RANGES, "Enoxaparin 30–40 mg SC is given daily for 7-10 days."),
    (UNITS, "Levothyroxine 0.05 mg is given once a day."),
    (BY_WEIGHT, "The heparin bolus is 80 units per kg."),
    (BY_DAY, "Children receive 40 mg/kg daily in three divided doses."),
    (BOUNDS, "Infuse over at least 60 minutes."),
    (BOUNDS, "Give no more than 10 mmol per hour."),
    (DRUGS, "Lisinopril 10 mg daily is used in hypertension."),
    (DRUGS, "Bisoprolol 5 mg once daily is used in heart failure."),
    (GROUPS, "Labetalol 100 mg BID is recommended in pregnant women."),
    (CONDITIONS, "If major bleeding is present, vitamin K 5 mg IV is given."),
    (ORDER, "Heparin is stopped 6 hours before surgery."),
    (ORGANS, "In severe renal impairment, 100 mg is given daily."),
    (EXCEPTIONS, "Clopidogrel is not recommended."),
    (COMPARED, "Nausea occurred in 5% of patients with drug A."),
    (COURSES, "One tablet is taken twice daily for 5 days."),
    (NEEDS, "Patients over 65 years need no dose adjustment."),
    (APIXABAN, "The recommended dose of apixaban is 5 mg by mouth twice a day."),
    (APIXABAN, "Apixaban 5 mg BID is the recommended dose."),
    (
        APIXABAN,
        "Apixaban should be stopped at least 48 hours before elective surgery with a high risk "
        "of bleeding.",
    ),
    (
        APIXABAN,
        "The dose is reduced to 2.5 mg twice daily in patients with at least two of these: age "
        "80 years or older, weight of 60 kg or less, or creatinine of 1.5 mg/dL or higher.",
    ),
    (PHENYTOIN, "Phenytoin 20 mg/kg IV is given as a load."),
    (PHENYTOIN, "The maintenance dose is 100 mg orally every 8 hours."),
    (PHENYTOIN, "The electrocardiogram is monitored during infusion."),
    (TOCILIZUMAB, "Methotrexate may be continued."),
    (TOCILIZUMAB, "Live vaccines should not be given during treatment."),
    (TOCILIZUMAB, "Inactivated vaccines can be given."),
    (CEFEPIME, "Adults with normal renal function are given cefepime 2 g every 8 hours."),
    (CEFEPIME, "With a creatinine clearance of 30-60 mL/min, 2 g is given every 12 hours."),
    (CEFEPIME, "With a creatinine clearance of 11 to 29 mL/min, the dose is 2 g once daily."),
    (CEFEPIME, "Each dose is infused over 30 minutes."),
    (
        ACETAMINOPHEN,
        "Patients weighing less than 50 kg are given acetaminophen 15 mg/kg every 6 hours, to "
        "a maximum of 75 mg/kg per day.",
    ),
    (
        ACETAMINOPHEN,
        "Patients who weigh 50 kg or more are given 1 g every 6 hours, up to 4 g per day.",
    ),
    (CLOZAPINE, "Clozapine carries a risk of agranulocytosis."),
    (CLOZAPINE, "Olanzapine causes weight gain."),
    (CLOZAPINE, "Quetiapine is less likely than haloperidol to cause extrapyramidal symptoms."),
    (CLOZAPINE, "The white cell count is checked weekly for 18 weeks."),
    (CLOZAPINE, "The white cell count is checked every week for 18 weeks, then every two weeks."),
    (STEROIDS, "Hydrocortisone 100 mg IV is given, then 50 mg every 6 hours."),
    (STEROIDS, "When the patient is stable, switch to oral prednisolone 20 mg each morning."),
    (VIALS, "Unopened insulin vials are stored at 2–8°C."),
    (VIALS, "Opened vials can be kept at room temperature for up to 28 days."),
    (VIALS, "Vials that have been frozen are discarded."),
]

JOINED_FALSE = [
    (DENIED, "Metoprolol should be stopped abruptly."),
    (DENIED, "Metoprolol can be stopped abruptly."),
    (DENIED, "Metoprolol should not be given with food."),
    (DENIED, "Patients with asthma may receive propranolol."),
    (DENIED, "Patients without asthma may not receive propranolol."),
    (DENIED, "Give ibuprofen to patients without renal impairment."),
    (DENIED, "Ibuprofen may be given to patients with renal impairment."),
    (DENIED, "Do not give propranolol to patients with renal impairment."),
    (DENIED, "It is safe to stop metoprolol abruptly."),
    (DENIED, "Ibuprofen is not harmful to patients with renal impairment."),
    (RANGES, "Give enoxaparin 30 mg once daily."),
    (RANGES, "Give enoxaparin 40 mg subcutaneously once daily for 7 to 10 days."),
    (RANGES, "Give enoxaparin 30 to 60 mg subcutaneously once daily."),
    (RANGES, "Give enoxaparin 30 mg to 40 mg subcutaneously once daily for 10 days."),
    (RANGES, "Give enoxaparin 40 to 60 mg subcutaneously once daily for 7 to 10 days."),
    (RANGES, "Give enoxaparin 30 mg to 40 mg once daily for 7 to 10 weeks."),
    (RANGES, "Give enoxaparin 35 mg subcutaneously once daily."),
    (UNITS, "Give levothyroxine 50 mg once daily."),
    (UNITS, "Give levothyroxine 0.5 mg once daily."),
    (UNITS, "Digoxin 250 mg is given once daily."),
    (UNITS, "Digoxin 2.5 mg is given once daily."),
    (UNITS, "Digoxin 50 mcg is given once daily."),
    (UNITS, "Give levothyroxine 250 mcg once daily."),
    (UNITS, "Give morphine 10 mcg every 4 hours."),
    (UNITS, "Give morphine 10 mg every 4 days."),
    (UNITS, "Give morphine 10 mg once daily."),
    (UNITS, "Give morphine 10 mg every 40 hours."),
    (UNITS, "Give 50 once daily of levothyroxine."),
    (BY_WEIGHT, "Gentamicin 5 mg is given once daily."),
    (BY_WEIGHT, "Gentamicin 400 mg is given once daily."),
    (BY_WEIGHT, "The maximum single dose is 400 mg/kg."),
    (BY_WEIGHT, "Heparin 80 units is given as a bolus."),
    (BY_WEIGHT, "Heparin 18 units/kg is given as a bolus."),
    (BY_WEIGHT, "Heparin 80 units/kg/hour is given."),
    (BY_WEIGHT, "Heparin 18 units/kg/day is given."),
    (BY_WEIGHT, "Heparin 18 units/hour is given."),
    (BY_WEIGHT, "Gentamicin 5 mg/kg is given twice daily."),
    (BY_WEIGHT, "Gentamicin 5 mg/kg per hour is given."),
    (BY_DAY, "Children receive 40 mg/kg per dose in three divided doses."),
    (BY_DAY, "Children receive 40 mg/kg three times daily."),
    (BY_DAY, "Children receive 40 mg/kg."),
    (BY_DAY, "Children receive 40 mg/kg per dose."),
    (BY_DAY, "The maximum dose is 1 g per day."),
    (BY_DAY, "The maximum dose is 3 g per dose."),
    (BY_DAY, "Adults receive 500 mg per day."),
    (BY_DAY, "Adults receive 500 mg/kg per dose."),
    (BY_DAY, "Adults receive 40 mg/kg/day in three divided doses."),
    (BY_DAY, "Children receive 500 mg per dose."),
    (BY_DAY, "Adults receive at least 3 g per day."),
    (BOUNDS, "Treat potassium of more than 3.0 mmol/L intravenously."),
    (BOUNDS, "Treat potassium of at least 3.0 mmol/L intravenously."),
    (BOUNDS, "Treat potassium of less than 3.0 mmol/L orally."),
    (BOUNDS, "Monitor for at most 24 hours."),
    (BOUNDS, "Monitor for less than 24 hours."),
    (BOUNDS, "Monitor for up to 24 hours."),
    (BOUNDS, "Wait at most 4 hours between doses."),
    (BOUNDS, "Wait less than 4 hours between doses."),
    (BOUNDS, "Infuse over less than 60 minutes."),
    (BOUNDS, "Infuse over no more than 60 minutes."),
    (BOUNDS, "Infuse over at most 60 minutes."),
    (BOUNDS, "Infuse at more than 10 mmol per hour."),
    (BOUNDS, "Give at least 10 mmol per hour."),
    (BOUNDS, "Infuse over no less than 60 hours."),
    (DRUGS, "Atenolol lowers blood pressure."),
    (DRUGS, "Amlodipine lowers heart rate."),
    (DRUGS, "Lisinopril 5 mg once daily is used in hypertension."),
    (DRUGS, "Lisinopril 10 mg once daily is used in heart failure."),
    (DRUGS, "Bisoprolol 10 mg once daily is used in heart failure."),
    (DRUGS, "Bisoprolol 5 mg once daily is used in hypertension."),
    (DRUGS, "Atenolol raises heart rate."),
    (DRUGS, "Bisoprolol is used in hypertension."),
    (DRUGS, "Lisinopril is used in heart failure."),
    (GROUPS, "Labetalol 100 mg twice daily is recommended."),
    (GROUPS, "In elderly patients, labetalol 100 mg twice daily is recommended."),
    (GROUPS, "In pregnant women, start with 2.5 mg."),
    (GROUPS, "Women are given 10 mg."),
    (GROUPS, "Men aged over 50 years are given 5 mg."),
    (GROUPS, "Men aged under 50 years are given 10 mg."),
    (GROUPS, "Men are given 5 mg."),
    (GROUPS, "Patients aged over 50 years are given 5 mg."),
    (GROUPS, "In breastfeeding women, labetalol 100 mg twice daily is recommended."),
    (GROUPS, "Start with 2.5 mg."),
    (CONDITIONS, "If there is major bleeding, give vitamin K 5 mg orally."),
    (CONDITIONS, "If the INR is above 8, give vitamin K 5 mg intravenously."),
    (CONDITIONS, "If the INR is below 8 and there is no bleeding, stop warfarin."),
    (
        CONDITIONS,
        "If the INR is above 8 and there is bleeding, stop warfarin and give vitamin K 5 mg "
        "orally.",
    ),
    (CONDITIONS, "If the INR is above 5 and there is no bleeding, stop warfarin."),
    (CONDITIONS, "If there is no bleeding, give vitamin K 5 mg intravenously."),
    (ORDER, "Give adenosine 12 mg first."),
    (ORDER, "If ineffective give 6 mg."),
    (ORDER, "Stop heparin 12 hours before surgery."),
    (ORDER, "Restart heparin 6 hours after surgery."),
    (ORDER, "Stop heparin 6 hours after surgery."),
    (ORDER, "Restart heparin 12 hours before surgery."),
    (ORGANS, "In mild renal impairment give 100 mg daily."),
    (ORGANS, "In severe renal impairment give 200 mg daily."),
    (ORGANS, "In renal impairment no dose adjustment is needed."),
    (ORGANS, "In severe renal impairment no dose adjustment is needed."),
    (ORGANS, "In hepatic impairment give 100 mg daily."),
    (ORGANS, "In hepatic impairment dose adjustment is needed."),
    (ORGANS, "In moderate renal impairment give 100 mg daily."),
    (EXCEPTIONS, "Patients with penicillin allergy receive amoxicillin."),
    (EXCEPTIONS, "All patients receive amoxicillin."),
    (EXCEPTIONS, "Clopidogrel is effective but aspirin is not recommended."),
    (EXCEPTIONS, "Clopidogrel is recommended."),
    (EXCEPTIONS, "Aspirin is not recommended."),
    (EXCEPTIONS, "Clopidogrel is effective."),
    (LISTS, "Atrial fibrillation is a contraindication."),
    (LISTS, "Contraindications: atrial fibrillation; deep vein thrombosis."),
    (LISTS, "Indications: pregnancy; active bleeding."),
    (LISTS, "It is indicated in severe hypertension."),
    (LISTS, "It is contraindicated in deep vein thrombosis."),
    (COMPARED, "Drug A caused nausea in 12% of patients."),
    (COMPARED, "Drug A caused vomiting in 5% of patients."),
    (COMPARED, "Mortality was higher with noradrenaline than with dopamine."),
    (COMPARED, "Mortality was lower with dopamine than with noradrenaline."),
    (COURSES, "Take one tablet twice daily for 10 days."),
    (COURSES, "Take one tablet once daily for 5 days."),
    (COURSES, "Take two tablets once daily for 10 days."),
    (COURSES, "Take one tablet daily for 15 days."),
    (RARITY, "Metformin commonly causes lactic acidosis."),
    (RARITY, "Metformin rarely causes diarrhea."),
    (RARITY, "Metformin never causes lactic acidosis."),
    (RARITY, "Metformin always causes diarrhea."),
    (NEEDS, "Dose adjustment is necessary in patients over 65 years."),
    (NEEDS, "No dose adjustment is necessary in patients under 65 years."),
    (NEEDS, "Routine monitoring is required."),
    (NEEDS, "No dose adjustment is necessary in patients over 75 years."),
    (
        APIXABAN,
        "Reduce the dose of apixaban to 2.5 mg twice daily in patients aged 80 years or older.",
    ),
    (
        APIXABAN,
        "Discontinue apixaban at least 24 hours before elective surgery with a high risk of "
        "bleeding.",
    ),
    (APIXABAN, "Discontinue apixaban at least 48 hours before surgery with a low risk."),
    (APIXABAN, "Discontinue apixaban at most 48 hours before elective surgery."),
    (APIXABAN, "Discontinue apixaban 48 hours after elective surgery."),
    (APIXABAN, "Reduce the dose to 2.5 mg once daily."),
    (APIXABAN, "Reduce the dose in patients with a body weight of 60 kg or more."),
    (APIXABAN, "Reduce the dose in patients with a serum creatinine of 1.5 mg/dL or lower."),
    (APIXABAN, "Reduce the dose in patients with serum creatinine 1.5 g/dL or higher."),
    (APIXABAN, "Increase the dose to 5 mg twice daily in patients aged 80 years or older."),
    (APIXABAN, "The recommended dose of apixaban is 5 mg per dose once daily."),
    (APIXABAN, "The recommended dose of rivaroxaban is 5 mg taken orally twice daily."),
    (APIXABAN, "The recommended dose of apixaban is 2.5 mg twice daily."),
    (PHENYTOIN, "Phenytoin is loaded at 20 mg intravenously."),
    (PHENYTOIN, "Phenytoin is loaded at 20 mg/kg orally."),
    (PHENYTOIN, "Phenytoin may be infused at up to 150 mg per minute."),
    (PHENYTOIN, "Fosphenytoin is infused at a rate not exceeding 50 mg per minute."),
    (PHENYTOIN, "Phenytoin is loaded at a rate of at least 50 mg per minute."),
    (PHENYTOIN, "Phenytoin is loaded at 20 mg/kg at a rate not exceeding 50 mg per hour."),
    (PHENYTOIN, "Maintenance is 100 mg intravenously every 8 hours."),
    (PHENYTOIN, "Maintenance is 100 mg/kg orally every 8 hours."),
    (PHENYTOIN, "Fosphenytoin is loaded at 20 mg/kg intravenously."),
    (PHENYTOIN, "Monitor the electrocardiogram after the infusion."),
    (PHENYTOIN, "Phenytoin may be given at 50 mg per day."),
    (
        TOCILIZUMAB,
        "Tocilizumab should be started in patients with an absolute neutrophil count below "
        "2,000 per mm3.",
    ),
    (
        TOCILIZUMAB,
        "Tocilizumab should not be started in patients with a neutrophil count above 2,000 per "
        "mm3.",
    ),
    (TOCILIZUMAB, "Methotrexate should not be continued."),
    (TOCILIZUMAB, "Live vaccines may be given during treatment."),
    (TOCILIZUMAB, "Inactivated vaccines must not be given."),
    (TOCILIZUMAB, "Methotrexate must not be given during treatment."),
    (TOCILIZUMAB, "Live vaccines must not be given before treatment."),
    (CEFEPIME, "When creatinine clearance is 30 to 60 mL/min, give cefepime 2 g every 24 hours."),
    (CEFEPIME, "When creatinine clearance is 11 to 29 mL/min, give 2 g every 12 hours."),
    (CEFEPIME, "When creatinine clearance is 30 to 60 mL/min, give 2 g every 8 hours."),
    (CEFEPIME, "For adults with normal renal function the dose of cefepime is 2 g every 12 hours."),
    (CEFEPIME, "For adults with normal renal function the dose of cefepime is 2 mg every 8 hours."),
    (
        CEFEPIME,
        "For children with normal renal function the dose of cefepime is 2 g every 8 hours.",
    ),
    (CEFEPIME, "Infuse each dose over 30 hours."),
    (CEFEPIME, "When creatinine clearance is 11 to 60 mL/min, give 2 g every 24 hours."),
    (CEFEPIME, "When creatinine clearance is below 30 mL/min, give 2 g every 12 hours."),
    (
        ACETAMINOPHEN,
        "Patients who weigh more than 50 kg are given 15 mg/kg of acetaminophen every 6 hours.",
    ),
    (ACETAMINOPHEN, "Patients who weigh less than 50 kg are given 1,000 mg every 6 hours."),
    (ACETAMINOPHEN, "Patients who weigh less than 50 kg are given up to 4,000 mg per day."),
    (
        ACETAMINOPHEN,
        "Patients who weigh less than 50 kg are given acetaminophen 15 mg every 6 hours.",
    ),
    (ACETAMINOPHEN, "Those who weigh 50 kg or more are given up to 75 mg/kg/day."),
    (ACETAMINOPHEN, "Those who weigh 50 kg or more are given at least 4,000 mg per day."),
    (
        ACETAMINOPHEN,
        "Patients who weigh less than 50 kg are given 75 mg/kg of acetaminophen every 6 hours.",
    ),
    (ACETAMINOPHEN, "Acetaminophen is limited to 75 mg/kg per dose."),
    (ACETAMINOPHEN, "Hepatotoxicity has not been reported with overdose."),
    (CLOZAPINE, "Olanzapine carries a risk of agranulocytosis."),
    (CLOZAPINE, "Clozapine causes weight gain."),
    (CLOZAPINE, "Haloperidol is less likely to cause extrapyramidal symptoms than quetiapine."),
    (CLOZAPINE, "Quetiapine is more likely to cause extrapyramidal symptoms than haloperidol."),
    (CLOZAPINE, "Check the white cell count weekly for 18 days."),
    (CLOZAPINE, "Check the white cell count every two weeks for 18 weeks."),
    (CLOZAPINE, "Check the white cell count monthly."),
    (CLOZAPINE, "Quetiapine causes weight gain."),
    (STEROIDS, "Hydrocortisone 100 mg is given every 6 hours."),
    (STEROIDS, "Hydrocortisone 50 mg is given intravenously."),
    (STEROIDS, "Hydrocortisone 20 mg is given by mouth each morning."),
    (STEROIDS, "Prednisolone 100 mg is given intravenously."),
    (STEROIDS, "Prednisolone 20 mg is given intravenously each morning."),
    (
        STEROIDS,
        "Stop corticosteroids suddenly in patients who have taken them for longer than 3 weeks.",
    ),
    (
        STEROIDS,
        "Do not stop corticosteroids suddenly in patients who have taken them for less than 3 "
        "weeks.",
    ),
    (
        STEROIDS,
        "Corticosteroids may be stopped suddenly in patients who have taken them for longer "
        "than 3 weeks.",
    ),
    (STEROIDS, "Prednisolone 20 mg is given every 6 hours."),
    (VIALS, "An unopened vial may be kept at room temperature for up to 28 days."),
    (VIALS, "Once opened, a vial may be kept at 2°C to 8°C for up to 28 days."),
    (VIALS, "Once opened, a vial may be kept at room temperature for at least 28 days."),
    (VIALS, "Freeze unopened insulin vials."),
    (VIALS, "Discard a vial that has not been frozen."),
]

# Not told apart yet.
MISSED = [
    (TOCILIZUMAB, "Tocilizumab should not be given with methotrexate."),
    (VIALS, "Store opened insulin vials at 2°C to 8°C."),
]

# True, and withheld all the same.
WITHHELD = [
    (LISTS, "Contraindications include active bleeding and severe hypertension."),
    (
        APIXABAN,
        "Apixaban is discontinued at least 24 hours before surgery with a low risk of bleeding.",
    ),
    (PHENYTOIN, "Phenytoin must not be given faster than 50 mg per minute."),
    (PHENYTOIN, "Fosphenytoin can be infused at up to 150 mg/min."),
    (PHENYTOIN, "The ECG should be monitored during the infusion."),
    (
        TOCILIZUMAB,
        "Do not start tocilizumab if the absolute neutrophil count is below 2,000 per mm3.",
    ),
    (ACETAMINOPHEN, "Overdose has been reported to cause hepatotoxicity."),
    (STEROIDS, "Corticosteroids should not be stopped suddenly after longer than 3 weeks."),
    (VIALS, "Insulin must not be frozen."),
]
