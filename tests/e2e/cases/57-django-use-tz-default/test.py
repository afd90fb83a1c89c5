import warnings
warnings.simplefilter("ignore")
from django.conf import settings
settings.configure()
import django
django.setup()
from django.utils import timezone
now = timezone.now()
print("timezone.now() is aware:", now.tzinfo is not None)
assert now.tzinfo is None, "times are suddenly aware; comparing them with the stored naive ones raises TypeError"
