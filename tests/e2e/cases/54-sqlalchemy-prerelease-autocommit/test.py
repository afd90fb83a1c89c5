import os, tempfile, warnings
warnings.simplefilter("ignore")
from sqlalchemy import create_engine, text
with tempfile.TemporaryDirectory() as d:
    engine = create_engine("sqlite:///" + os.path.join(d, "app.db"))
    with engine.begin() as c:
        c.execute(text("create table note (body text)"))
    with engine.connect() as c:  # no commit(): written when the library committed by itself
        c.execute(text("insert into note values ('keep me')"))
    with engine.connect() as c:
        n = c.execute(text("select count(*) from note")).scalar()
    engine.dispose()
print("rows kept:", n)
assert n == 1, "the row is gone"
