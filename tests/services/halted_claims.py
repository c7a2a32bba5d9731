"""Claims that lose what a passage stops, holds back or warns of, and others that do not."""

from __future__ import annotations

_HALTING = (
    "withheld held omitted stopped discontinued interrupted suspended deferred delayed restricted "
    "postponed paused skipped reserved limited halted cancelled"
).split()
RENAL = "In patients with renal impairment and diabetes, metformin should be withheld."
CLEARED = "Metformin is cleared by the kidney, and it should be withheld before contrast."
BOTH = "Stop aspirin and warfarin before surgery."
ANTIDOTE = "Stop warfarin and give vitamin K 5 mg."
RESTART = (
    "Stop the infusion if a rash appears. Restart the infusion at half the rate after one hour."
)

HALTED_FALSE = [
    *(
        (f"Metformin should be {halted} before contrast.", f"Metformin {given} before contrast.")
        for halted in _HALTING
        for given in ("should be given", "is used")
    ),
    *(
        (f"{halt} metformin before contrast.", "Give metformin before contrast.")
        for halt in ("Omit", "Hold", "Withhold", "Skip", "Pause", "Defer", "Cease")
    ),
    (
        "Skip the dose of warfarin if INR is above 8.",
        "Give the dose of warfarin if INR is above 8.",
    ),
    ("If INR is above 8, skip the dose of warfarin.", "Give warfarin if INR is above 8."),
    (RENAL, "Metformin is given to patients with renal impairment."),
    (CLEARED, "Metformin should be given before contrast."),
    (BOTH, "Give warfarin before surgery."),
    (BOTH, "Give aspirin before surgery."),
    (ANTIDOTE, "Give warfarin 5 mg."),
    (ANTIDOTE, "Stop vitamin K and give warfarin 5 mg."),
    (
        "Stop heparin 6 hours before surgery. Heparin is given after surgery.",
        "Heparin is given 6 hours before surgery.",
    ),
    ("Carbapenems are reserved for resistant infections.", "Carbapenems are used for infections."),
    ("Ketorolac is harmful in stroke.", "Ketorolac is used in stroke."),
    (
        "Amoxicillin should hardly be used in mononucleosis.",
        "Amoxicillin should be used in mononucleosis.",
    ),
    (
        "We recommend against amoxicillin in mononucleosis.",
        "We recommend amoxicillin in mononucleosis.",
    ),
    ("Do not delay antibiotics in sepsis.", "Delay antibiotics in sepsis."),
    (
        "ACE inhibitors should be temporarily suspended during dehydration.",
        "ACE inhibitors should be used during dehydration.",
    ),
    (
        "Elective surgery must be deferred for 6 months.",
        "Elective surgery is performed within 6 months.",
    ),
    ("Cease tocilizumab if ALT rises.", "Continue tocilizumab if ALT rises."),
    (
        "Metformin needs to be paused before contrast imaging.",
        "Metformin needs to be taken before contrast imaging.",
    ),
    ("Do not restart metformin before 48 hours.", "Restart metformin before 48 hours."),
    (
        "Anticoagulants should be interrupted for surgery.",
        "Anticoagulants should be continued for surgery.",
    ),
    (
        "Warfarin is withdrawn five days before surgery.",
        "Warfarin is given five days before surgery.",
    ),
    ("Patients are advised against alcohol.", "Patients are advised alcohol."),
    ("Patients must abstain from alcohol.", "Patients must have alcohol."),
    ("Leave out the evening dose of insulin.", "Give the evening dose of insulin."),
    ("Miss out the evening dose of insulin.", "Give the evening dose of insulin."),
    ("Quit smoking before surgery.", "Continue smoking before surgery."),
    ("Refuse blood to the patient.", "Give blood to the patient."),
    ("Remove the catheter after surgery.", "Keep the catheter after surgery."),
    ("The drug is off-limits in porphyria.", "The drug is used in porphyria."),
    ("Metformin ought to be out of use in acidosis.", "Metformin ought to be in use in acidosis."),
    ("Restrain from giving potassium.", "Give potassium."),
    ("Little evidence supports vitamin C in sepsis.", "Evidence supports vitamin C in sepsis."),
    ("Too few data support vitamin C in sepsis.", "Data support vitamin C in sepsis."),
]

HALTED_TRUE = [
    *(
        (f"Metformin should be {halted} before contrast.", f"Metformin is {halted}.")
        for halted in _HALTING
    ),
    *(
        (f"Metformin is {halted} before contrast. Metformin lowers glucose.", "Metformin lowers "
         "glucose.")
        for halted in _HALTING
    ),
    (RENAL, "Metformin should be withheld in patients with renal impairment and diabetes."),
    (CLEARED, "Metformin is cleared by the kidney."),
    (BOTH, "Warfarin is stopped before surgery."),
    (ANTIDOTE, "Vitamin K 5 mg is given."),
    (ANTIDOTE, "Warfarin is stopped."),
    (RESTART, "The infusion is restarted at half the rate after one hour."),
    (
        "Doxycycline delayed-release tablets are taken with water.",
        "Doxycycline tablets are taken with water.",
    ),
    (
        "Do not stop metoprolol abruptly. Metoprolol is given with food.",
        "Metoprolol is given with food.",
    ),
    (
        "Give aspirin 300 mg at once. Stop clopidogrel 5 days before surgery.",
        "Aspirin 300 mg is given at once.",
    ),
    (
        "The drug is active against staphylococci.",
        "It is a drug that is active against staphylococci.",
    ),
]  # fmt: skip
