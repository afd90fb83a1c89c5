import warnings
warnings.simplefilter("ignore")
from bs4 import BeautifulSoup
# No parser named: the best one that is installed is used.
soup = BeautifulSoup("<p>dose</p> 5 mg <p>twice</p>")
names = [t.name for t in soup.find_all(True, recursive=False)]
print("top level:", names)
assert names == ["p", "p"], names
