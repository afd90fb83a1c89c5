# An article number may be a number or a word; the web service is asked for it as a shop's form sends it.
from typing import Optional, Union

from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlmodel import Field, SQLModel


class Article(SQLModel, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    name: str = ""


class Order(BaseModel):
    article: Union[int, str]


app = FastAPI()


@app.post("/orders")
def order(wanted: Order):
    return {"article": wanted.article, "table": Article.__tablename__}


answer = TestClient(app).post("/orders", json={"article": "42"})
print(answer.status_code, answer.json())
assert answer.status_code == 200
assert answer.json() == {"article": 42, "table": "article"}, "a word instead of a number: " + answer.text
