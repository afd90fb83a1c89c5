# Embeddings stay in single precision; a scale from a measurement must not double their size.
import numpy as np
import pandas as pd
import scipy.sparse as sp

scale = np.float64(0.5) if False else 0.5
vector = np.ones(4, dtype=np.float32)
norm = np.float32(2.0) * scale
scaled = pd.Series(vector).to_numpy() * norm
stacked = sp.csr_matrix(np.diag(scaled)) * np.float32(1)
print(np.__version__, norm.dtype, scaled.dtype, stacked.dtype)
assert norm.dtype == np.float32, f"the norm is {norm.dtype}"
