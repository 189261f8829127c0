"""How the findings are put into words. Every sentence says exactly one thing of one finding, however roundabout."""

from collections.abc import Mapping, Sequence

from monitor.core.read import Label

Phrases = Sequence[str]

FINDINGS: Mapping[str, Mapping[Label, Phrases]] = {
    "pleural_effusion": {
        Label.PRESENT: (
            "There is a {size} {side} pleural effusion.",
            "Blunting of the {side} costophrenic angle consistent with a {size} effusion.",
            "{Size} {side}-sided pleural effusion with adjacent compressive change.",
            "Layering pleural fluid on the {side}.",
            "The {side} costophrenic sulcus is blunted, in keeping with {size} pleural fluid.",
            "{Side} pleural effusion, {size} in volume.",
        ),
        Label.UNCERTAIN: (
            "A trace {side} pleural effusion cannot be excluded.",
            "Possible small {side} pleural effusion.",
            "Equivocal blunting of the {side} costophrenic angle may represent a trace effusion.",
            "Questionable small amount of {side} pleural fluid.",
        ),
        Label.ABSENT: (
            "No pleural effusion.",
            "The costophrenic angles are sharp.",
            "There is no evidence of pleural effusion.",
            "No effusion is seen.",
            "The pleural spaces are free of fluid.",
        ),
    },
    "cardiomegaly": {
        Label.PRESENT: (
            "The cardiac silhouette is {degree} enlarged.",
            "Cardiomegaly.",
            "{Degree} enlarged heart.",
            "There is {degree} increased heart size.",
            "Enlarged cardiac silhouette with a cardiothoracic ratio above 0.5.",
        ),
        Label.UNCERTAIN: (
            "Possible mild cardiomegaly, heart size is difficult to assess on this projection.",
            "The heart may be mildly enlarged.",
            "Questionable enlargement of the cardiac silhouette.",
            "Mild cardiomegaly cannot be excluded.",
        ),
        Label.ABSENT: (
            "Heart size is normal.",
            "The cardiac silhouette is within normal limits.",
            "The heart is not enlarged.",
            "No cardiomegaly.",
            "Normal cardiomediastinal contours.",
        ),
    },
    "consolidation": {
        Label.PRESENT: (
            "Airspace opacity in the {side} {zone} zone.",
            "There is {side} {zone} lung consolidation with air bronchograms.",
            "Patchy infiltrate in the {side} {zone} lung.",
            "Focal consolidation is present in the {side} {zone} zone.",
            "New {side} {zone} zone airspace disease.",
        ),
        Label.UNCERTAIN: (
            "Hazy density in the {side} {zone} zone, atelectasis versus early consolidation.",
            "Possible developing infiltrate in the {side} {zone} lung.",
            "Subtle {side} {zone} zone consolidation cannot be excluded.",
            "Equivocal airspace opacity in the {side} {zone} zone.",
        ),
        Label.ABSENT: (
            "No focal consolidation.",
            "The lungs are clear of airspace opacity.",
            "No infiltrate is identified.",
            "There is no focal airspace disease.",
            "No evidence of consolidation.",
        ),
    },
    "pneumothorax": {
        Label.PRESENT: (
            "There is a {size} {side} pneumothorax.",
            "{Size} {side} apical pneumothorax without mediastinal shift.",
            "A {side} pleural line is visible with absent lung markings beyond it, consistent with pneumothorax.",
            "{Side}-sided pneumothorax, {size}.",
        ),
        Label.UNCERTAIN: (
            "A tiny {side} apical pneumothorax cannot be excluded.",
            "Possible {side} apical pneumothorax versus skin fold.",
            "Questionable small {side} pneumothorax.",
        ),
        Label.ABSENT: (
            "No pneumothorax.",
            "There is no evidence of pneumothorax.",
            "No pneumothorax is seen.",
            "Negative for pneumothorax.",
        ),
    },
    "nodule": {
        Label.PRESENT: (
            "A {millimetres} mm nodule projects over the {side} {zone} zone.",
            "There is a {millimetres} mm pulmonary nodule in the {side} {zone} lung.",
            "Solitary nodular opacity, {side} {zone} zone, measuring {millimetres} mm.",
            "Rounded {side} {zone} zone nodule of {millimetres} mm.",
        ),
        Label.UNCERTAIN: (
            "Possible {millimetres} mm nodule in the {side} {zone} zone versus overlapping vessels.",
            "Questionable nodular density over the {side} {zone} zone.",
            "A small {side} {zone} zone nodule cannot be excluded.",
        ),
        Label.ABSENT: (
            "No pulmonary nodule.",
            "No suspicious nodule is identified.",
            "No lung nodule or mass.",
            "There is no evidence of a pulmonary nodule.",
        ),
    },
}
"""Sentences of the FINDINGS section."""

IMPRESSION: Mapping[str, Mapping[Label, Phrases]] = {
    "pleural_effusion": {
        Label.PRESENT: ("{Side} pleural effusion.", "{Size} {side} effusion."),
        Label.UNCERTAIN: ("Possible trace {side} effusion.", "Questionable {side} pleural effusion."),
    },
    "cardiomegaly": {
        Label.PRESENT: ("Cardiomegaly.", "Enlarged heart."),
        Label.UNCERTAIN: ("Possible mild cardiomegaly.", "Questionable cardiomegaly."),
    },
    "consolidation": {
        Label.PRESENT: ("{Side} {zone} zone consolidation, likely pneumonia.", "{Side} {zone} zone infiltrate."),
        Label.UNCERTAIN: ("Possible {side} {zone} zone consolidation, clinical correlation advised.",),
    },
    "pneumothorax": {
        Label.PRESENT: ("{Side} pneumothorax.", "{Size} {side} pneumothorax, referring team informed."),
        Label.UNCERTAIN: ("Possible {side} apical pneumothorax, repeat film in expiration advised.",),
    },
    "nodule": {
        Label.PRESENT: ("{Side} lung nodule, CT recommended.", "{millimetres} mm pulmonary nodule."),
        Label.UNCERTAIN: ("Possible {side} lung nodule, comparison with prior imaging advised.",),
    },
}
"""Sentences of the IMPRESSION section; what is absent is summed up in `CLEAR`."""

CLEAR: Phrases = (
    "No acute cardiopulmonary abnormality.",
    "No acute findings.",
    "Normal chest radiograph.",
    "No acute disease in the chest.",
)
NOTHING_ELSE: Phrases = ("No other acute abnormality.", "Otherwise unremarkable.", "")

TOGETHER: Mapping[tuple[str, ...], Phrases] = {
    ("consolidation", "pleural_effusion", "pneumothorax"): (
        "No focal consolidation, pleural effusion or pneumothorax.",
        "There is no consolidation, effusion, or pneumothorax.",
    ),
    ("pleural_effusion", "pneumothorax"): (
        "No pleural effusion or pneumothorax.",
        "Neither effusion nor pneumothorax is seen.",
    ),
}
"""Several findings denied in one breath, widest first."""

STRUCTURED_NAMES: Mapping[str, str] = {
    "cardiomegaly": "Cardiac enlargement",
    "consolidation": "Airspace opacity",
    "nodule": "Pulmonary nodule",
    "pleural_effusion": "Pleural effusion",
    "pneumothorax": "Pneumothorax",
}
STRUCTURED_ANSWERS: Mapping[Label, Phrases] = {
    Label.PRESENT: ("Yes.", "Present.", "Yes, {size}."),
    Label.UNCERTAIN: ("Indeterminate.", "Possible."),
    Label.ABSENT: ("No.", "None.", "Not seen."),
}

INDICATIONS: Phrases = (
    "Cough and fever.",
    "Shortness of breath.",
    "Chest pain.",
    "Pre-operative assessment.",
    "Fall two days ago, rule out rib fracture.",
    "Rule out pneumothorax after line placement.",
    "History of heart failure, query effusion.",
    "History of pneumonia last winter.",
    "Routine follow-up.",
    "Weight loss, smoker.",
)
COMPARISONS: Mapping[bool, Phrases] = {
    False: ("None.", "None available.", "No prior imaging on file."),
    True: (
        "Prior chest radiograph.",
        "Prior study, which showed no effusion.",
        "Prior study with a pneumothorax, treated since.",
        "Previous radiograph of this department.",
    ),
}
INCIDENTALS: Phrases = (
    "Old healed fractures of the left posterior ribs.",
    "Degenerative changes of the thoracic spine.",
    "Right PICC with its tip in the lower SVC.",
    "Median sternotomy wires are intact.",
    "Left chest wall pacemaker, leads in expected position.",
    "Surgical clips in the right upper quadrant.",
    "Calcification of the aortic arch.",
    "Linear atelectasis at the left base.",
    "Mild scoliosis.",
    "Endotracheal tube 4 cm above the carina.",
    "No acute bony abnormality.",
)
RESOLVED: Mapping[str, Phrases] = {
    "pleural_effusion": ("The previously described effusion has resolved.", "Prior effusion is no longer seen."),
    "consolidation": ("Earlier right basal infiltrate has cleared.",),
    "pneumothorax": ("Interval resolution of the pneumothorax seen before.",),
}
"""What was once there and is now absent: said only where the finding is absent now."""
