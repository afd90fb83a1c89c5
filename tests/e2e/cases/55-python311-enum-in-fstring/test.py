import sys
from enum import Enum
import httpx
class Stage(str, Enum):
    PROD = "prod"
url = httpx.URL(f"https://{Stage.PROD}.api.invalid/v1")
print(sys.version_info[:2], url)
assert url.host == "prod.api.invalid", url.host
