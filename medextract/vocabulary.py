"""Made-up medical names, five kinds of them: no name here is a patient's, and most are no real disease either."""

import random

TYPES = ("Disease", "Symptom", "Medication", "Lab_Test", "Procedure")
RELATIONS = ("treats", "causes", "indicates")

REAL = {
    "Disease": "diabetes hypertension migraine asthma pneumonia gout anemia lupus sepsis stroke epilepsy eczema",
    "Symptom": "fever nausea fatigue dizziness cough headache vomiting palpitations insomnia syncope",
    "Medication": "metformin aspirin warfarin insulin prednisone heparin ibuprofen digoxin",
    "Lab_Test": "urinalysis troponin hemoglobin creatinine glucose ferritin",
    "Procedure": "dialysis biopsy colonoscopy angioplasty intubation thoracotomy",
}
ONSETS = "b c d f g k l m n p r s t v z br cr dr gl pl tr st".split()
VOWELS = "a e i o u ia eo".split()
CODAS = "b c d f g l m n r s t v".split()
SUFFIXES = {
    "Disease": ("itis", "osis", "emia", "opathy", "oma"),
    "Medication": ("pril", "olol", "statin", "mycin", "azole"),
    "Procedure": ("ectomy", "oscopy", "oplasty", "otomy", "ography"),
}
PLACES = (
    "joint chest back knee neck jaw hip ankle wrist elbow scalp throat ear eye flank groin heel calf thigh "
    "shoulder finger toe rib tongue gum nail palm shin spine temple"
).split()
COMPLAINTS = "pain swelling stiffness numbness tingling weakness cramping burning itching tenderness".split()


def real_names(kind: str) -> list[str]:
    """The handful of names of this kind that exist in the world."""
    return REAL[kind].split()


def stem(rng: random.Random, most: int = 2) -> str:
    """A syllable or two that could be Latin: "trenial"."""
    syllables = rng.randint(1, most)
    return "".join(rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(syllables)) + rng.choice(CODAS)


def invent(rng: random.Random, kind: str) -> str:
    """A name of this kind out of a space so large that two draws rarely meet."""
    if kind == "Symptom":
        if rng.random() < 0.5:
            return f"{rng.choice(PLACES)} {rng.choice(COMPLAINTS)}"
        return stem(rng) + rng.choice(("algia", "odynia"))
    if kind == "Lab_Test":
        form = rng.choice(("serum {}", "{} level", "{} assay", "{} panel"))
        return form.format(stem(rng))
    if rng.random() < 0.15 and kind == "Disease":
        return f"{stem(rng)} {rng.choice(('syndrome', 'disease'))}"
    if rng.random() < 0.15 and kind == "Procedure":
        return f"{stem(rng)} repair"
    return stem(rng) + rng.choice(SUFFIXES[kind])


def split_names(seed: int = 7, each: int = 60) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """-> (for training, held out): kind → `each` names. Held-out names occur in no training text whatever."""
    rng = random.Random(seed)
    training, held_out = {}, {}
    for kind in TYPES:
        real = real_names(kind)
        invented: list[str] = []
        while len(invented) < 2 * each - len(real):
            name = invent(rng, kind)
            if name not in invented and name not in real:
                invented.append(name)
        held_out[kind] = invented[:each]
        training[kind] = real + invented[each:]
    return training, held_out
