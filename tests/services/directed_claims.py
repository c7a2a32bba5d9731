"""Claims in which two things have changed places, and the same said the other way round."""

from __future__ import annotations

DIRECTED_FALSE = [
    ("Replace aspirin with clopidogrel.", "Replace clopidogrel with aspirin."),
    ("Convert from heparin to warfarin.", "Convert from warfarin to heparin."),
    ("Convert heparin to warfarin.", "Convert warfarin to heparin."),
    ("Convert heparin to warfarin.", "Convert from warfarin to heparin."),
    (
        "Switch patients from intravenous to oral amoxicillin.",
        "Switch patients from oral to intravenous amoxicillin.",
    ),
    ("Give naloxone for opioid overdose.", "Give opioid for naloxone overdose."),
    ("Digoxin increases the level of verapamil.", "Verapamil increases the level of digoxin."),
    ("Verapamil raises digoxin levels.", "Digoxin raises verapamil levels."),
    ("Amiodarone potentiates warfarin.", "Warfarin potentiates amiodarone."),
    ("Warfarin is potentiated by amiodarone.", "Warfarin potentiates amiodarone."),
    ("Warfarin is potentiated by amiodarone.", "Amiodarone is potentiated by warfarin."),
    ("Aspirin is preferred to clopidogrel.", "Clopidogrel is preferred to aspirin."),
    ("Aspirin may be replaced with clopidogrel.", "Clopidogrel may be replaced with aspirin."),
    ("Give rifampicin two hours before isoniazid.", "Give isoniazid two hours before rifampicin."),
    ("If rifampicin is given, stop warfarin.", "If warfarin is given, stop rifampicin."),
    ("Dilute amphotericin with dextrose.", "Dilute dextrose with amphotericin."),
    ("Treat hypoglycaemia with glucagon.", "Treat glucagon with hypoglycaemia."),
    ("Add heparin to the saline.", "Add saline to the heparin."),
    ("Switch from heparin to warfarin after surgery.", "Switch to heparin after surgery."),
    (
        "Metformin is cleared by the kidney in adults.",
        "The kidney is cleared by metformin in adults.",
    ),
    ("Vaccinate in October.", "Vaccinate in May."),
    ("Give vaccine in March.", "Give vaccine in May."),
    ("The vaccine may be given in March.", "The vaccine is given in May."),
    ("Vaccinate from March to May.", "Vaccinate from May to March."),
]

DIRECTED_TRUE = [
    ("Switch from heparin to warfarin after surgery.", "After surgery, switch to warfarin."),
    ("Replace aspirin with clopidogrel.", "Aspirin is replaced with clopidogrel."),
    ("Replace aspirin with clopidogrel.", "Aspirin is replaced by clopidogrel."),
    ("Convert from heparin to warfarin.", "Convert patients from heparin to warfarin."),
    ("Give naloxone for opioid overdose.", "For opioid overdose give naloxone."),
    ("Give naloxone for opioid overdose.", "In opioid overdose, naloxone is given."),
    ("Verapamil raises digoxin levels.", "Digoxin levels are raised by verapamil."),
    ("Digoxin levels are raised by verapamil.", "Verapamil raises digoxin levels."),
    ("Amiodarone potentiates warfarin.", "Warfarin is potentiated by amiodarone."),
    ("Warfarin is potentiated by amiodarone.", "Amiodarone potentiates warfarin."),
    ("Warfarin interacts with aspirin.", "Aspirin interacts with warfarin."),
    ("If rifampicin is given, stop warfarin.", "Stop warfarin if rifampicin is given."),
    ("Treat hypoglycaemia with glucagon.", "Glucagon treats hypoglycaemia."),
    ("Dilute amphotericin with dextrose.", "Amphotericin is diluted with dextrose."),
    ("Vaccinate in May.", "Patients are vaccinated in May."),
    ("Warfarin may be given.", "Warfarin can be given."),
    ("Warfarin can be given.", "Warfarin may be given."),
    (
        "Switch patients from intravenous to oral amoxicillin.",
        "Patients are switched from intravenous to oral amoxicillin.",
    ),
    ("Metformin is cleared by the kidney.", "The kidney clears metformin."),
]
