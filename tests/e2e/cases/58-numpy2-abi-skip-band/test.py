import sys
try:
    import h5py
    import numpy as np
except (ImportError, ValueError, AttributeError) as e:  # built for another numpy: this environment cannot be judged
    print("untestable:", e)
    sys.exit(125)
# The settings of a run, as read back from its file, name its cache entry.
with h5py.File("run.h5", "w", driver="core", backing_store=False) as f:
    f.attrs["learning_rate"] = 0.25
    settings = {"learning_rate": f.attrs["learning_rate"]}
key = repr(settings)
print(np.__version__, h5py.__version__, key)
assert key == "{'learning_rate': 0.25}", "the cache entry is not found under " + key
