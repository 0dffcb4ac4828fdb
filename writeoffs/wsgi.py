"""The WSGI callable that gunicorn serves.

Modules and pages are loaded before the first request, and the garbage collector leaves them alone from then on: in a
posting of ten thousand lines it went through all of them three times, a fifth of its CPU time.
"""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "writeoffs.settings")

application = get_wsgi_application()
_ = get_resolver().url_patterns
gc.collect()
gc.freeze()
# A request's rows free themselves; cycles are looked for after 50,000 objects instead of 700.
gc.set_threshold(50_000, 10, 10)
