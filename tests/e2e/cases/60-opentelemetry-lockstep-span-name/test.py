# The dashboards group the outgoing calls by their span's name.
import requests
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from requests.adapters import BaseAdapter


class Offline(BaseAdapter):
    def send(self, request, **options):
        response = requests.Response()
        response.status_code, response.request, response.url = 200, request, request.url
        response.raw = None
        response._content = b"{}"
        return response

    def close(self):
        pass


exporter, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
RequestsInstrumentor().instrument(tracer_provider=provider)
session = requests.Session()
session.mount("http://", Offline())
assert session.get("http://patients.example/visits").status_code == 200
spans = [(span.name, dict(span.attributes)) for span in exporter.get_finished_spans()]
print(spans)
assert len(spans) == 1 and spans[0][1]["http.method"] == "GET"
assert spans[0][0] == "HTTP GET", "no dashboard shows the span " + spans[0][0]
