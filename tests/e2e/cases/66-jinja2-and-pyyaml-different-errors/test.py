# A page is made from a template and from the settings in a file.
import jinja2
import yaml

safe = jinja2.Markup("<b>5 mg</b>")
page = jinja2.Environment(autoescape=True).from_string("{{ dose }} {{ when }}")
settings = yaml.load("when: <twice>")
made = page.render(dose=safe, **settings)
print(made)
assert made == "<b>5 mg</b> &lt;twice&gt;"
