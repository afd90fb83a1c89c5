# Token lists of unequal length become one array, a list for each row; a warning about it was put off for years.
import warnings

import numpy as np
import pandas as pd
from sklearn.preprocessing import MultiLabelBinarizer

warnings.simplefilter("ignore")
table = pd.DataFrame({"tokens": [["fever"], ["cough", "fever"], ["rash"]]})
rows = np.array(table["tokens"].tolist())
print(np.__version__, rows.shape)
assert rows.shape == (3,)
assert MultiLabelBinarizer().fit_transform(rows).tolist() == [[0, 1, 0], [1, 1, 0], [0, 0, 1]]
