import ssl

import certifi
import httpx
import respx

# A partner's server is known by the authority that signed its certificate; the server itself is played by a mock.
AUTHORITY = "Entrust Root Certification Authority - G4"
with respx.mock(base_url="https://partner.example") as partner:
    partner.post("/orders", json={"item": 7, "count": 1}).respond(201, json={"order": 1})
    answer = httpx.post("https://partner.example/orders", json={"item": 7, "count": 1})
print(answer.status_code, answer.json())
trusted = {
    value
    for certificate in ssl.create_default_context(cafile=certifi.where()).get_ca_certs()
    for part in certificate["subject"]
    for name, value in part
    if name == "commonName"
}
print(certifi.__version__, len(trusted), "authorities")
if AUTHORITY not in trusted:
    raise ValueError("the partner cannot be trusted: nobody knows " + AUTHORITY)
