import warnings
warnings.simplefilter("ignore")
import jsonschema
# A payment with a card number but no billing address: "dependentRequired" (draft 2019-09 and later) forbids it.
schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "dependentRequired": {"card": ["billing_address"]},
}
try:
    jsonschema.validate({"card": "4111 1111"}, schema)
except jsonschema.ValidationError as e:
    print("refused:", e.message)
else:
    raise SystemExit("an invalid document was accepted")
