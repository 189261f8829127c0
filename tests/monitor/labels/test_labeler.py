import re

import pytest

from monitor.core.read import Label
from monitor.labels import MAX_TEXT, LabelStatus, TextTooLongError, UnknownProfileError, labeler_for, profiles

LABELER = labeler_for("chest-radiograph")
P, A, U, N = Label.PRESENT, Label.ABSENT, Label.UNCERTAIN, Label.NOT_MENTIONED

TABLE = [
    # a mention
    ("There is a small left pleural effusion.", {"pleural_effusion": P, "pneumothorax": N, "no_finding": A}),
    ("The heart is mildly enlarged.", {"cardiomegaly": P}),
    # negation before and after
    ("No pneumothorax is seen.", {"pneumothorax": A}),
    ("The lungs are expanded without effusion.", {"pleural_effusion": A}),
    ("The chest is free of consolidation.", {"consolidation": A}),
    ("The study is negative for pneumonia.", {"pneumonia": A}),
    ("A pneumothorax is not seen.", {"pneumothorax": A}),
    ("The right pleural effusion has resolved.", {"pleural_effusion": A}),
    ("There is no focal airspace opacity to suggest pneumonia.", {"pneumonia": A, "lung_opacity": A}),
    # lists under one negation
    ("There is no pleural effusion or pneumothorax.", {"pleural_effusion": A, "pneumothorax": A}),
    (
        "No focal consolidation, effusion or pneumothorax.",
        {"consolidation": A, "pleural_effusion": A, "pneumothorax": A},
    ),
    ("No evidence of edema,\npneumonia, or\nfracture is seen.", {"edema": A, "pneumonia": A, "fracture": A}),
    # what ends a scope
    ("No pneumothorax, but there is cardiomegaly.", {"pneumothorax": A, "cardiomegaly": P}),
    ("No effusion; however a nodule is noted in the right lung.", {"pleural_effusion": A, "nodule": P}),
    ("Although no consolidation is seen, there is atelectasis.", {"consolidation": A, "atelectasis": P}),
    ("The lungs show no effusion\nCardiomegaly", {"pleural_effusion": A, "cardiomegaly": P}),
    # negations that are none
    ("There is no change in the left pleural effusion.", {"pleural_effusion": P}),
    ("There is not only edema but also consolidation.", {"edema": P, "consolidation": P}),
    ("The pneumothorax has not significantly changed.", {"pneumothorax": P}),
    # doubt, and a negation of a negation
    ("There is possible pneumonia.", {"pneumonia": U, "no_finding": U}),
    ("Opacity at the base may represent atelectasis.", {"atelectasis": U, "lung_opacity": P}),
    ("I cannot exclude a pneumothorax on this view.", {"pneumothorax": U}),
    ("A small effusion cannot be excluded.", {"pleural_effusion": U}),
    ("There is a questionable nodule in the right lung.", {"nodule": U}),
    ("Findings are suspicious for pneumonia.", {"pneumonia": U}),
    ("No effusion, possible nodule in the left lung.", {"pleural_effusion": A, "nodule": U}),
    # statements of normality
    ("Heart size is normal.", {"cardiomegaly": A}),
    ("The heart is not enlarged.", {"cardiomegaly": A}),
    ("The lungs are clear.", {"consolidation": A, "pneumonia": A, "pleural_effusion": N, "no_finding": P}),
    ("Normal chest.", {"pneumothorax": A, "no_finding": P}),
    # sections
    ("HISTORY: Pneumonia and effusion.\nFINDINGS: The lungs are clear.", {"pneumonia": A, "pleural_effusion": N}),
    ("INDICATION: rule out pneumothorax\n\nThe heart is enlarged.", {"pneumothorax": N, "cardiomegaly": P}),
    ("COMPARISON: Prior with effusion.\nTECHNIQUE: PA.\nIMPRESSION: No acute disease.", {"pleural_effusion": N}),
    # across sentences: present over uncertain over absent, and the impression over all
    ("No effusion on the right. There is a left effusion.", {"pleural_effusion": P}),
    ("FINDINGS: There is a nodule.\nIMPRESSION: No nodule is seen.", {"nodule": A}),
    ("FINDINGS: Possible pneumonia.\nIMPRESSION: Right pneumonia is seen.", {"pneumonia": P}),
    ("FINDINGS: Small pneumothorax is seen.\nIMPRESSION: No acute disease.", {"pneumothorax": P}),
    ("FINDINGS: There is a small effusion.\nIMPRESSION: No large effusion.", {"pleural_effusion": P}),
    # the findings beyond the fourteen
    ("Calcified granuloma in the right lung.", {"granuloma": P}),
    ("There is a moderate hiatal hernia and emphysema.", {"hiatal_hernia": P, "emphysema": P}),
    ("Pacemaker leads are in place, the lungs are clear.", {"support_devices": P, "no_finding": P}),
    # Japanese
    ("右胸水を認めます。心拡大はありません。", {"pleural_effusion": P, "cardiomegaly": A}),
    ("胸水や気胸は認めない。", {"pleural_effusion": A, "pneumothorax": A}),
    ("浸潤影は認められない。結節もみられない。", {"consolidation": A, "nodule": A}),
    ("コンソリデーションは見られません。", {"consolidation": A}),
    ("胸水なし、心拡大あり。", {"pleural_effusion": A, "cardiomegaly": P}),
    ("右肺に結節を認め、胸水は認めない。", {"nodule": P, "pleural_effusion": A}),
    ("左上肺野に結節の疑い。気胸は否定できない。", {"nodule": U, "pneumothorax": U}),
    ("右下肺野に浸潤影の可能性があります。", {"consolidation": U}),
    ("肺炎を疑う所見は認めない。", {"pneumonia": A}),
    ("臨床情報:気胸の既往\n所見:胸水を認める。", {"pneumothorax": N, "pleural_effusion": P}),
]


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=[text[:40] for text, _ in TABLE])
def test_rule(text: str, expected: dict[str, Label]) -> None:
    """A report's words become the label a radiologist would give them."""
    labelled = LABELER.label(text)
    assert labelled.status is LabelStatus.OK
    assert {finding: labelled.labels[finding] for finding in expected} == expected


@pytest.mark.parametrize(
    "text",
    [
        "Kein Pleuraerguss. Herz nicht vergrößert. Keine Infiltrate.",
        "Kein Nachweis eines Pneumothorax, Lunge frei, das Herz ist normal gross.",
        "Pas d'épanchement pleural. Le coeur est de taille normale.",
        "No hay derrame pleural ni neumotorax. Silueta cardiaca normal.",
        "Assenza di versamento pleurico. Cuore nei limiti.",
        "未见胸腔积液。心影不大。",
        "Плевральный выпот не выявлен.",
        "Ausschluss Pneumothorax",
        "Kein Pneumothorax",
        "Pneumothorax links",
        "Sin neumotórax ni derrame pleural.",
        "Derrame pleural bilateral",
        "Cardiomegalia. Sin derrame.",
        "Geen pneumothorax. Hart normaal van grootte.",
        "Pas de pneumothorax",
        "Absence d'epanchement pleural",
        "Nessun versamento pleurico",
        "Sem derrame pleural",
        "Pleuraerguss rechts",
        "Cardiomégalie modérée",
        "Kardiomegalie. Pleuraerguss beidseits.",
        "FINDINGS: Kein Erguss. IMPRESSION: Kein Pneumothorax.",
        "FINDINGS: Derrame pleural derecho. IMPRESSION: Neumonia derecha.",
        "未见气胸。心影增大。",
        "右侧胸腔积液。",
        "双肺未见异常",
        "Ингаляция. Пневмоторакс нет",
        "ไม่พบน้ำในช่องเยื่อหุ้มปอด",
        "لا يوجد انصباب جنبي",
        "Não há derrame pleural. Coração normal.",
        "Inget pneumothorax. Hjärtat normalstort.",
        "Tidak tampak efusi pleura",
        "Brak odmy. Serce niepowiększone.",
        "Δεν υπάρχει πλευριτική συλλογή",
        "Akciğer alanları normal. Plevral efüzyon yok.",
        "Không có tràn dịch màng phổi",
        "Thoraxröntgen: Herz normal groß.",
        "Torace nella norma",
        "Tórax normal",
        "Poumons clairs",
        "Edema pulmonar",
        "Atelectasia basal izquierda",
        "Fractura costal",
        "Normale Herzgröße. Lungen frei.",
        "lorem ipsum dolor sit amet consectetur adipiscing elit sed",
        "12345 67 8",
        "",
    ],
)
def test_unsupported_language(text: str) -> None:
    """Text in a language without a lexicon has no labels at all: unknown words are not negatives."""
    labelled = LABELER.label(text)
    assert labelled.status is LabelStatus.UNSUPPORTED_LANGUAGE
    assert not labelled.labels
    assert not labelled.evidence


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("Cardiomegalie.", "en-US", "en"),
        ("No effusion is seen.", "de", "de"),
        ("흉수 없음", "en", "ko"),
        ("胸水なし", "en", "ja"),
    ],
)
def test_declared_language(text: str, declared: str, language: str) -> None:
    """A declared language decides where the text does not, and another one than the labeler knows always does."""
    assert LABELER.label(text, declared).language == language


def test_evidence_is_in_the_original() -> None:
    """Evidence spans hold in the original text, whatever lower case does to its length."""
    text = "İİ The heart is enlarged. There is a ＮＯＤＵＬＥ in the right lung."
    evidence = LABELER.label(text).evidence
    assert text[slice(*evidence["cardiomegaly"])] == "heart is enlarged"
    assert text[slice(*evidence["nodule"])] == "ＮＯＤＵＬＥ"


def test_labeler_names_its_lexicon() -> None:
    """The labeler's id names the rules, the profile, the language, the lexicon's version and a digest of its words."""
    assert re.fullmatch(
        r"rules/chest-radiograph\.en@2\.\d+\.\d+\+[0-9a-f]{8}", LABELER.label("Lungs are clear.").labeler
    )


def test_length_is_capped() -> None:
    """A text over the cap is refused before any rule sees it."""
    with pytest.raises(TextTooLongError, match=str(MAX_TEXT)):
        LABELER.label("a" * (MAX_TEXT + 1))


def test_unknown_profile() -> None:
    """An unknown profile is refused with the names of those that are known."""
    with pytest.raises(UnknownProfileError, match=profiles()[0]):
        labeler_for("../../etc/passwd")
