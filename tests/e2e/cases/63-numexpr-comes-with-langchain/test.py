# Offsets of minus seven days fall on the right weekday only if the remainder is never negative.
import pandas as pd

table = pd.DataFrame({"offset": [-8, -1, 6, 13], "week": [7, 7, 7, 7]})
weekday = table.eval("offset % week").tolist()
print("weekdays:", weekday)
assert weekday == [6, 6, 6, 6], f"weekdays below zero: {weekday}"
