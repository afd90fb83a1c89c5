"use strict";
// Draws what the page holds. Texts of others reach the page as text nodes alone; nothing is fetched and nothing stored.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const make = (name, text = "", kind = "") => {
    const element = document.createElement(name);
    element.textContent = text;
    element.className = kind;
    return element;
  };
  for (const tools of document.querySelectorAll("[data-script]")) tools.hidden = false;

  // Colours: "@good" is the page's variable --good, "@good/0.1" a tint of it.

  const colour = (token) => {
    const [name, alpha] = token.slice(1).split("/");
    const hex = getComputedStyle(root).getPropertyValue(`--${name}`).trim();
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return `rgba(${red},${green},${blue},${alpha || 1})`;
  };
  const coloured = (value) => {
    const known = new Map();
    const walk = (part) => {
      if (typeof part === "string" && /^@[a-z]/.test(part)) {
        if (!known.has(part)) known.set(part, colour(part));
        return known.get(part);
      }
      if (Array.isArray(part)) return typeof part[0] === "number" ? part : part.map(walk);
      if (part && typeof part === "object") return Object.fromEntries(Object.entries(part).map(([k, v]) => [k, walk(v)]));
      return part;
    };
    return walk(value);
  };

  // Pictures. The library is unpacked once the page has been painted.

  const unpack = async () => {
    const packed = atob(document.getElementById("library").textContent);
    const bytes = Uint8Array.from(packed, (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
  };
  const chart = document.getElementById("chart");
  const pictures = [[chart, data.timeline]];
  for (const place of document.querySelectorAll("[data-curve]")) pictures.push([place, data.curves[place.dataset.curve]]);
  const draw = (width) => Promise.all(pictures.map(([place, figure]) => {
    const small = chart.clientWidth < 600;
    const { data: traces, layout } = coloured(figure);
    layout.font = { family: "system-ui, sans-serif", size: small ? 11 : 13, color: colour("@text") };
    layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
    layout.hoverlabel = { bgcolor: colour("@tip"), bordercolor: colour("@tip"), font: { color: colour("@tip-text") } };
    layout.uirevision = "kept";
    if (width) layout.width = width; else layout.autosize = true;
    if (small) layout.margin = { ...layout.margin, l: 52, r: 8 };
    if (small && layout.xaxis.tickvals) {
      const { tickvals, ticktext } = layout.xaxis;
      const every = Math.ceil(tickvals.length / 4);
      layout.xaxis.tickvals = tickvals.filter((_, n) => n % every === 0);
      layout.xaxis.ticktext = ticktext.filter((_, n) => n % every === 0);
    }
    if (!window.matchMedia("(pointer: fine)").matches) layout.dragmode = false;
    return window.Plotly.react(place, traces, layout, { displayModeBar: false, responsive: true });
  }));

  // Details of a mark: the row of the table, in a box that a screen reader reads too.

  const tip = document.getElementById("tip");
  const rows = document.querySelectorAll("#trials tbody tr");
  const [TRIALS, CHANGES] = [0, 1];
  let chosen = -1;
  const lines = (trace, point) => {
    if (trace === TRIALS) {
      const [number, verdict, purpose, place, day, said, took] = [...rows[point].cells].map((cell) => cell.textContent);
      return [`trial ${number}: ${verdict}`, said, `${purpose}: ${place}${day ? ` (${day})` : ""}`, `took ${took}`];
    }
    return [trace === CHANGES ? data.changes[point] : data.timeline.data[trace].customdata[point]];
  };
  const show = ({ curveNumber, pointNumber, bbox }) => {
    tip.replaceChildren(...lines(curveNumber, pointNumber).map((text) => make("p", text)));
    tip.hidden = false;
    const frame = chart.getBoundingClientRect();
    const middle = frame.left + (bbox.x0 + bbox.x1) / 2;
    const left = Math.min(Math.max(8, middle - tip.offsetWidth / 2), root.clientWidth - tip.offsetWidth - 8);
    const above = frame.top + bbox.y0 - tip.offsetHeight - 10;
    tip.style.left = `${left + window.scrollX}px`;
    tip.style.top = `${(above > 52 ? above : frame.top + bbox.y1 + 10) + window.scrollY}px`;
    if (curveNumber === TRIALS) chosen = pointNumber;
  };
  const hide = () => { tip.hidden = true; };
  const open = (point) => {
    document.getElementById("trials").open = true;
    for (const row of document.querySelectorAll("tr.chosen")) row.classList.remove("chosen");
    rows[point].classList.add("chosen");
    rows[point].tabIndex = -1;
    rows[point].scrollIntoView({ block: "center" });
    rows[point].focus({ preventScroll: true });
  };
  const choose = (point) => {
    const mark = chart.querySelectorAll(".scatterlayer .trace")[TRIALS].querySelectorAll(".point")[point];
    for (const other of chart.querySelectorAll(".point.chosen")) other.classList.remove("chosen");
    mark.classList.add("chosen");
    const frame = chart.getBoundingClientRect();
    let box = mark.getBoundingClientRect();
    if (!box.width || box.left < frame.left || box.right > frame.right) {
      document.querySelector("[data-view=all]").click();
      box = mark.getBoundingClientRect();
    }
    const bbox = { x0: box.left - frame.left, x1: box.right - frame.left, y0: box.top - frame.top, y1: box.bottom - frame.top };
    show({ curveNumber: TRIALS, pointNumber: point, bbox });
  };
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 25, PageUp: -25 };
  chart.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    if (event.key === "Enter" && chosen >= 0) return open(chosen);
    const places = { Home: 0, End: rows.length - 1 };
    const wanted = event.key in steps ? chosen + steps[event.key] : places[event.key];
    if (wanted === undefined || !chart.on) return;
    event.preventDefault();
    choose(Math.min(Math.max(0, wanted), rows.length - 1));
  });
  chart.addEventListener("blur", hide);
  const views = document.querySelectorAll("[data-view]");
  for (const button of views) {
    button.addEventListener("click", () => {
      const range = button.dataset.view === "near" ? data.near : data.timeline.layout.xaxis.range;
      for (const other of views) other.setAttribute("aria-pressed", String(other === button));
      window.Plotly?.relayout(chart, { "xaxis.range": [...range] });
    });
  }
  for (const link of document.querySelectorAll('a[href^="#trial-"]')) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      open(Number(link.hash.slice(7)) - 1);
    });
  }

  const begin = async () => {
    try {
      await unpack();
      await draw();
      chart.on("plotly_hover", (event) => show(event.points[0]));
      chart.on("plotly_unhover", hide);
      chart.on("plotly_click", (event) => { if (event.points[0].curveNumber === TRIALS) open(event.points[0].pointNumber); });
      dark.addEventListener("change", () => draw());
      window.addEventListener("beforeprint", () => {
        root.classList.add("paper");
        for (const part of document.querySelectorAll("details[data-print]")) part.open = true;
        draw(680);
      });
      window.addEventListener("afterprint", () => { root.classList.remove("paper"); draw(); });
      root.dataset.drawn = "yes";
    } catch (error) {
      chart.textContent = "This browser cannot draw the picture; the table below holds all of it.";
      root.dataset.drawn = "no";
      console.error(error);
    }
  };
  requestAnimationFrame(() => setTimeout(begin));

  // Answers: a card for each input, made when it comes into view.

  if (!data.answers) return;
  const FIRST = 10; // then as many again as there are
  const [RIGHT, WRONG_KIND, EXTRA, UNGROUNDED, MEMORISED] = [0, 1, 2, 3, 4];
  const NAMES = { [RIGHT]: "right", [WRONG_KIND]: "wrong-kind", [EXTRA]: "extra", [UNGROUNDED]: "ungrounded", [MEMORISED]: "memorised", 5: "missed" };
  const SAID = { [RIGHT]: "right", [WRONG_KIND]: "wrong type", [EXTRA]: "in the input", [UNGROUNDED]: "not in the input", [MEMORISED]: "not in the input, but trained on", 5: "missed" };
  const { kinds, examples } = data.answers;
  const list = document.getElementById("examples");
  const more = document.getElementById("more");
  const status = document.getElementById("shown");
  const form = document.querySelector("#answers form");
  let kept = examples;
  let drawn = 0;

  const word = (text) => new RegExp(`(?<![\\p{L}\\p{N}_])${text.replace(/[.*+?^${}()|[\]\\\/-]/g, "\\$&")}(?![\\p{L}\\p{N}_])`, "giu");
  const spans = (input, side) => {
    const found = [];
    const rest = [];
    const all = [...side.items, ...side.missed.map(([kind, text]) => [kind, text, 5])];
    for (const [kind, text, standing] of all.sort((a, b) => b[1].length - a[1].length)) {
      const places = text ? [...input.matchAll(word(text))].map((match) => [match.index, match.index + match[0].length]) : [];
      const free = places.filter(([from, to]) => found.every((one) => to <= one.from || from >= one.to));
      for (const [from, to] of free) found.push({ from, to, kind, standing });
      if (!places.length) rest.push([kind, text, standing]);
    }
    return [found.sort((a, b) => a.from - b.from), rest];
  };
  const answer = (title, name, input, side) => {
    const box = make("div", "", "answer");
    const [found, rest] = spans(input, side);
    const text = make("p", "", "text");
    let at = 0;
    for (const { from, to, kind, standing } of found) {
      const mark = make("mark", input.slice(from, to), NAMES[standing]);
      mark.append(make("small", kinds[kind]), make("span", ` (${SAID[standing]})`, "unseen"));
      text.append(input.slice(at, from), mark);
      at = to;
    }
    text.append(input.slice(at));
    box.append(make("h4", title, name), text);
    const tally = new Map();
    for (const item of rest) tally.set(JSON.stringify(item), (tally.get(JSON.stringify(item)) || 0) + 1);
    const chips = make("ul", "", "chips");
    for (const [key, count] of tally) {
      const [kind, said, standing] = JSON.parse(key);
      const chip = make("li", `${standing === 5 ? "" : "✗ "}${said || "(empty)"} `, `chip ${NAMES[standing]}`);
      chip.append(make("small", kinds[kind]), make("span", ` (${SAID[standing]})`, "unseen"));
      if (count > 1) chip.append(` × ${count}`);
      chips.append(chip);
    }
    if (side.more) chips.append(make("li", `and ${side.more} more`));
    if (chips.childElementCount) box.append(chips);
    if (!side.items.length) box.append(make("p", side.said ? "named nothing" : "answered nothing", "quiet"));
    if (!side.ended) box.append(make("p", "cut off before its end", "quiet"));
    if (side.said) {
      const whole = make("details");
      whole.append(make("summary", "The answer as it was written"), make("pre", side.said));
      box.append(whole);
    }
    return box;
  };
  const card = (example) => {
    const item = make("li");
    const pair = make("div", "", "pair");
    pair.append(answer("✓ good", "good", example.input, example.good), answer("✗ bad", "bad", example.input, example.bad));
    item.append(make("p", `input ${example.id}`, "quiet"), pair);
    return item;
  };
  const grow = () => {
    const next = kept.slice(drawn, drawn + Math.max(FIRST, drawn));
    list.append(...next.map(card));
    drawn += next.length;
    more.hidden = drawn >= kept.length;
    more.textContent = `Show ${Math.min(drawn, kept.length - drawn)} more`;
  };
  const wrong = (side, name) => name === "missed" ? side.missed.length > 0
    : side.items.some((item) => name === "wrong-kind" ? item[2] === WRONG_KIND : item[2] >= UNGROUNDED);
  const shows = {
    all: () => true,
    differ: (example) => example.differ,
    ...Object.fromEntries(["hallucinated", "missed", "wrong-kind"].map((name) =>
      [name, (example) => wrong(example.good, name) || wrong(example.bad, name)])),
  };
  const texts = new Map();
  const textOf = (example) => {
    if (!texts.has(example)) {
      const sides = [example.good, example.bad];
      const named = sides.flatMap((side) => [side.said, ...[...side.items, ...side.missed].map((item) => item[1])]);
      texts.set(example, [example.input, ...named].join("\n").toLowerCase());
    }
    return texts.get(example);
  };
  const filter = () => {
    const wanted = form.elements.find.value.trim().toLowerCase();
    const test = shows[form.elements.show.value];
    kept = examples.filter((example) => test(example) && (!wanted || textOf(example).includes(wanted)));
    drawn = 0;
    list.replaceChildren();
    status.textContent = `${kept.length} of ${examples.length} inputs`;
    grow();
  };
  let waiting = 0;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", filter);
  form.addEventListener("input", (event) => {
    if (event.target.type !== "search") return;
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  more.addEventListener("click", () => {
    const before = list.childElementCount;
    grow();
    const first = list.children[before];
    if (first) { first.tabIndex = -1; first.focus(); }
  });
  requestAnimationFrame(() => setTimeout(filter));
})();
