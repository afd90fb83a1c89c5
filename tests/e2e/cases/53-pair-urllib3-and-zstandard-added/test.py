import requests
# The recorded fixture of the test suite was made with this header; the CDN answers with what is offered here.
offered = requests.Session().headers["Accept-Encoding"]
print("offered:", offered)
assert "gzip" in offered and "deflate" in offered
assert "zstd" not in offered, "offers zstd, which nobody asked for: " + offered
