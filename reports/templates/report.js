"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const SVG = "http://www.w3.org/2000/svg";

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }
  function drawn(name, attributes, ...children) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }
  function money(cents) {
    const whole = String(Math.floor(Math.abs(cents) / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
    return (cents < 0 ? "-" : "") + whole + "." + String(Math.abs(cents) % 100).padStart(2, "0");
  }

  // Sorting: the head of each column is a button; rows without a figure stay last in both directions.
  const words = new Intl.Collator("en", { numeric: true });
  function figure(cell) {
    const text = cell.textContent.replace(/[^0-9.-]/g, "");
    return text === "" || text === "-" ? null : Number(text);
  }
  function sort(table, head) {
    const place = head.cellIndex;
    const isWord = head.dataset.kind === "text" || head.dataset.kind === "date";
    const first = isWord ? "ascending" : "descending";
    const second = isWord ? "descending" : "ascending";
    const way = head.getAttribute("aria-sort") === first ? second : first;
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", way);
    const sign = way === "ascending" ? 1 : -1;
    const body = table.tBodies[0];
    const keyed = Array.from(body.rows, (row) => [isWord ? row.cells[place].textContent : figure(row.cells[place]), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * (isWord ? words.compare(a, b) : a - b);
    });
    body.append(...keyed.map(([, row]) => row));
  }
  for (const table of document.querySelectorAll("main table")) {
    table.tHead.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) sort(table, button.closest("th"));
    });
  }

  // Search: hides rows that do not hold every word; says how many are left and what they cost.
  const customers = document.getElementById("customers");
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const places = {};
  if (customers) {
    for (const head of customers.tHead.rows[0].cells) places[head.dataset.key] = head.cellIndex;
    search.hidden = false;
    const rows = Array.from(customers.tBodies[0].rows, (row) => {
      const said = ["customer", "name", "kind", "tier", "plan", "segment", "cohort"];
      return [row, said.map((key) => row.cells[places[key]].textContent).join(" ").toLowerCase()];
    });
    search.addEventListener("input", () => {
      const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0, cents = 0;
      for (const [row, text] of rows) {
        row.hidden = !wanted.every((word) => text.includes(word));
        if (row.hidden) continue;
        count += 1;
        cents += Math.round(figure(row.cells[places.cost]) * 100);
      }
      found.textContent = wanted.length ? `${count} of ${rows.length}, cost ${money(cents)} ${data.currency}` : "";
    });
    customers.addEventListener("click", (event) => {
      const row = event.target.closest("tbody tr");
      if (row && !event.target.closest("a") && !String(getSelection())) location.hash = row.querySelector("a").hash;
    });
  }

  // Drill-down: #customer=<id> opens classes, pools and days of one customer.
  const drill = document.getElementById("drill");
  const body = document.getElementById("drill-body");
  const heading = new Map();
  if (customers) {
    for (const part of [customers.tBodies[0], customers.tBodies[1]]) {
      for (const row of part ? part.rows : []) heading.set(row.cells[0].textContent, row);
    }
  }
  function facts(row) {
    const list = element("dl", { class: "facts" });
    for (const key of ["cost", "revenue", "margin", "margin_pct", "infra_margin_pct", "change", "tier", "plan", "segment", "nonproduction", "outside_dates"]) {
      const cell = row.cells[places[key]];
      if (!cell.textContent || ((key === "nonproduction" || key === "outside_dates") && cell.textContent === "0.00")) continue;
      const label = customers.tHead.rows[0].cells[places[key]].textContent;
      list.append(element("div", {}, element("dt", {}, label), element("dd", { title: cell.title, class: cell.className.replace("num", "") }, element("bdi", {}, cell.textContent))));
    }
    return list;
  }
  function grid(heads, rows, total) {
    const cell = (value, place, tag) => {
      const [text, exact] = Array.isArray(value) ? value : [value, ""];
      const attributes = place ? { class: "num" } : { scope: "row" };
      if (exact) attributes.title = exact;
      return element(place ? "td" : tag, attributes, text);
    };
    const line = (values) => element("tr", {}, ...values.map((value, place) => cell(value, place, "th")));
    const top = element("tr", {}, ...heads.map((text, place) => element("th", { scope: "col", class: place ? "num" : "" }, element("span", { class: "plain" }, text))));
    const table = element("table", {}, element("thead", {}, top), element("tbody", {}, ...rows.map(line)));
    if (total) table.append(element("tfoot", {}, line(total)));
    return element("div", { class: "scroll" }, table);
  }
  function days(of) {
    const classes = data.classes.filter(([key]) => of.d[key]);
    const series = classes.map(([key]) => of.d[key].split(" ").map((word) => (word ? parseInt(word, 36) : 0)));
    return { classes, series };
  }
  function chart({ classes, series }) {
    const width = 640, height = 150, left = 8, foot = 20;
    const ups = data.days.map((_, day) => series.reduce((sum, one) => sum + Math.max(one[day], 0), 0));
    const downs = data.days.map((_, day) => series.reduce((sum, one) => sum + Math.min(one[day], 0), 0));
    const most = Math.max(1, ...ups), least = Math.min(0, ...downs);
    const scale = (height - foot - 10) / (most - least);
    const step = (width - 2 * left) / data.days.length;
    const y = (value) => 10 + (most - value) * scale;
    const root = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Cost by day; the same figures stand in the table below" });
    data.days.forEach((day, place) => {
      let up = 0, down = 0;
      const total = ups[place] + downs[place];
      const group = drawn("g", {}, drawn("title", {}, `${day}: ${money(total)}`));
      group.append(drawn("rect", { class: "catch", x: left + place * step, y: 0, width: step, height: height - foot }));
      series.forEach((one, number) => {
        const value = one[place];
        if (!value) return;
        const start = value > 0 ? up : down;
        if (value > 0) up += value; else down += value;
        const top = Math.max(start, start + value);
        group.append(drawn("rect", { class: "c-" + classes[number][0], x: left + (place + .14) * step, y: y(top), width: step * .72, height: Math.abs(value) * scale }));
      });
      const date = Number(day.slice(8));
      if (date === 1 || date % 5 === 0) group.append(drawn("text", { x: left + (place + .5) * step, y: height - 5, "text-anchor": "middle" }, String(date)));
      root.append(group);
    });
    return root;
  }
  function open(id) {
    const of = data.customers[id], row = heading.get(id);
    if (!of || !row || !Object.hasOwn(data.customers, id)) return;
    document.getElementById("drill-id").textContent = id;
    document.getElementById("drill-name").textContent = row.cells[places.name].textContent || id;
    const parts = data.parts.map((name, place) => [name, of.p[place]]).filter(([, part]) => part);
    const cost = parts.reduce((sum, [, [cents]]) => sum + cents, 0);
    const shown = [facts(row), element("h3", {}, "Classes")];
    shown.push(parts.length
      ? grid(["Class", data.currency], parts.map(([name, [cents, exact]]) => [name, [money(cents), exact]]), ["Cost", [money(cost), row.cells[places.cost].title]])
      : element("p", { class: "none" }, "No cost in this period."));
    if (of.o.length) {
      const sum = of.o.reduce((total, [, cents]) => total + cents, 0);
      shown.push(element("h3", {}, "Pools"), grid(["Pool", data.currency], of.o.map(([name, cents, exact]) => [name, [money(cents), exact]]), ["Shared", money(sum)]));
    }
    const byDay = days(of);
    if (byDay.classes.length) {
      const rows = data.days.map((day, place) => [day, ...byDay.series.map((one) => money(one[place])), money(byDay.series.reduce((sum, one) => sum + one[place], 0))]);
      const totals = byDay.series.map((one) => one.reduce((sum, cents) => sum + cents, 0));
      const foot = ["Total", ...totals.map(money), money(totals.reduce((sum, cents) => sum + cents, 0))];
      shown.push(element("h3", {}, `Days, ${data.currency}`), chart(byDay), element("h3", {}, "By day and class"), grid(["Day", ...byDay.classes.map(([, name]) => name), "All"], rows, foot));
    }
    body.replaceChildren(...shown);
    if (!drill.open) drill.showModal();
    drill.scrollTop = 0;
  }
  function follow() {
    const match = /^#customer=(.+)$/.exec(location.hash);
    if (!match) { if (drill.open) drill.close(); return; }
    let id = null;
    try { id = decodeURIComponent(match[1]); } catch { return; }
    open(id);
  }
  drill.addEventListener("close", () => {
    if (location.hash.startsWith("#customer=")) history.replaceState(null, "", location.pathname + location.search);
  });
  drill.addEventListener("click", (event) => { if (event.target === drill) drill.close(); });
  document.getElementById("drill-close").addEventListener("click", () => drill.close());
  addEventListener("hashchange", follow);
  follow();
})();
