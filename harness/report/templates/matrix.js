"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const sheet = byId("sheet"), extent = byId("extent"), canvas = byId("canvas"), pen = canvas.getContext("2d");
  const CELL = 11, LEFT = 300, TOP = 250, NONE = -1, NOTHING = -2;
  const COLOURS = {
    "false-accept": "#c2410c", "false-reject": "#2563a8", "wrong-output": "#7c5cbf", "wrong-reason": "#a08a00",
    "error": "#5b6672", "crash": "#1c232b", "timeout": "#8a6d3b", "unreadable": "#98a2ad", "race": "#b01e6b", "unstable": "#3b8f6b",
  };
  const words = (failure) => failure.replace("-", " ");

  // Cells by mutant and case; most are empty.
  const cells = data.mutants.map(() => new Int16Array(data.cases.length).fill(NONE));
  const killsOfCase = new Array(data.cases.length).fill(0), killsOfMutant = [];
  data.kills.forEach((pairs, mutant) => {
    killsOfMutant.push(pairs.length / 2);
    data.nothing[mutant].forEach((at) => { cells[mutant][at] = NOTHING; });
    for (let i = 0; i < pairs.length; i += 2) {
      cells[mutant][pairs[i]] = pairs[i + 1];
      if (data.mutants[mutant][1] !== "constant") killsOfCase[pairs[i]] += 1;
    }
  });

  let rows = [], columns = [], first = { row: NONE, column: NONE }, under = null;
  const range = (n) => Array.from({ length: n }, (_, i) => i);

  function choose() {
    const value = (id) => byId(id).value.trim().toLowerCase();
    const [caseText, family, mutantText, kind] = ["case-text", "family", "mutant-text", "kind"].map(value);
    const constants = byId("constants").checked || kind === "constant";
    rows = range(data.cases.length).filter((i) => (!family || data.cases[i][1] === family) && data.cases[i][0].includes(caseText));
    columns = range(data.mutants.length).filter((i) => (!kind || data.mutants[i][1] === kind) && data.mutants[i][0].includes(mutantText)
      && (constants || data.mutants[i][1] !== "constant"));
    if (value("order") === "weak") {
      rows.sort((a, b) => killsOfCase[a] - killsOfCase[b]);
      columns.sort((a, b) => killsOfMutant[a] - killsOfMutant[b]);
    }
    // A name that was clicked brings what it meets to the front.
    if (first.row !== NONE) columns.sort((a, b) => (cells[b][first.row] >= 0) - (cells[a][first.row] >= 0));
    if (first.column !== NONE) rows.sort((a, b) => (cells[first.column][b] >= 0) - (cells[first.column][a] >= 0));
    byId("shown").textContent = `${rows.length} cases, ${columns.length} servers`;
    extent.style.width = `${LEFT + columns.length * CELL + 20}px`;
    extent.style.height = `${TOP + rows.length * CELL + 20}px`;
    draw();
  }

  function draw() {
    const width = sheet.clientWidth, height = sheet.clientHeight, scale = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const [paper, ink, muted, line, shade] = ["--paper", "--ink", "--muted", "--line", "--sheet"].map(colour);
    const x0 = LEFT - sheet.scrollLeft, y0 = TOP - sheet.scrollTop;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.fillStyle = paper;
    pen.fillRect(0, 0, width, height);
    const from = (offset, start) => Math.max(0, Math.floor((start - offset) / CELL));
    const r0 = from(y0, TOP), r1 = Math.min(rows.length, Math.ceil((height - y0) / CELL));
    const c0 = from(x0, LEFT), c1 = Math.min(columns.length, Math.ceil((width - x0) / CELL));

    pen.save();
    pen.beginPath();
    pen.rect(LEFT, TOP, width, height);
    pen.clip();
    for (let r = r0; r < r1; r += 1) {
      const y = y0 + r * CELL;
      if (r % 2) { pen.fillStyle = shade; pen.fillRect(LEFT, y, columns.length * CELL + x0 - LEFT, CELL); }
      if (r && data.cases[rows[r]][1] !== data.cases[rows[r - 1]][1]) { pen.fillStyle = line; pen.fillRect(LEFT, y, width, 1); }
    }
    pen.fillStyle = line;
    for (let c = Math.max(1, c0); c < c1; c += 1) {
      if (data.mutants[columns[c]][1] !== data.mutants[columns[c - 1]][1]) pen.fillRect(x0 + c * CELL, TOP, 1, height);
    }
    if (under) {
      pen.fillStyle = muted;
      pen.globalAlpha = 0.18;
      if (under.row !== NONE) pen.fillRect(LEFT, y0 + under.row * CELL, width, CELL);
      if (under.column !== NONE) pen.fillRect(x0 + under.column * CELL, TOP, CELL, height);
      pen.globalAlpha = 1;
    }
    for (let c = c0; c < c1; c += 1) {
      const column = cells[columns[c]];
      for (let r = r0; r < r1; r += 1) {
        const cell = column[rows[r]];
        if (cell === NONE) continue;
        const x = x0 + c * CELL, y = y0 + r * CELL;
        if (cell === NOTHING) {
          pen.fillStyle = line;
          pen.fillRect(x + 4, y + 4, 3, 3);
        } else {
          pen.fillStyle = COLOURS[data.failures[cell]] || ink;
          pen.fillRect(x + 1, y + 1, CELL - 2, CELL - 2);
        }
      }
    }
    pen.restore();

    pen.font = "10px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
    pen.textBaseline = "middle";
    const label = (text, room) => (text.length > room ? `${text.slice(0, room - 1)}…` : text);
    pen.save();
    pen.beginPath();
    pen.rect(0, TOP, LEFT, height);
    pen.clip();
    for (let r = r0; r < r1; r += 1) {
      const at = rows[r], y = y0 + r * CELL + CELL / 2;
      pen.fillStyle = under && under.row === r || first.row === at ? ink : muted;
      pen.textAlign = "left";
      pen.fillText(label(data.cases[at][0], 42), 6, y);
      pen.textAlign = "right";
      pen.fillText(String(killsOfCase[at]), LEFT - 6, y);
    }
    pen.restore();
    pen.save();
    pen.beginPath();
    pen.rect(LEFT, 0, width, TOP);
    pen.clip();
    pen.textAlign = "left";
    for (let c = c0; c < c1; c += 1) {
      const at = columns[c];
      pen.save();
      pen.translate(x0 + c * CELL + CELL / 2, TOP - 6);
      pen.rotate(-Math.PI / 2);
      pen.fillStyle = under && under.column === c || first.column === at ? ink : muted;
      pen.fillText(label(data.mutants[at][0], 39), 0, 0);
      pen.restore();
    }
    pen.restore();
    pen.fillStyle = line;
    pen.fillRect(0, TOP - 1, width, 1);
    pen.fillRect(LEFT - 1, 0, 1, height);
    pen.fillStyle = muted;
    pen.textAlign = "left";
    pen.fillText("case", 6, TOP - 12);
    pen.textAlign = "right";
    pen.fillText("kills", LEFT - 6, TOP - 12);
  }

  function place(event) {
    const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const row = Math.floor((y - TOP + sheet.scrollTop) / CELL), column = Math.floor((x - LEFT + sheet.scrollLeft) / CELL);
    const inside = { row: y >= TOP && row >= 0 && row < rows.length, column: x >= LEFT && column >= 0 && column < columns.length };
    return { row: inside.row ? row : NONE, column: inside.column ? column : NONE, left: x < LEFT, top: y < TOP };
  }

  function tell() {
    const box = byId("told");
    box.textContent = "";
    const part = (name, text) => {
      const line = document.createElement("div"), bold = document.createElement("b");
      bold.textContent = name;
      line.append(bold, ` ${text}`);
      box.append(line);
    };
    if (!under) return;
    const row = under.row === NONE ? null : rows[under.row], column = under.column === NONE ? null : columns[under.column];
    if (row !== null) part(data.cases[row][0], `${data.cases[row][2]} (must ${data.cases[row][3]}; ${killsOfCase[row]} kills)`);
    if (column !== null) part(data.mutants[column][0], `${data.mutants[column][2]} (${data.mutants[column][1]}; ${killsOfMutant[column]} kills)`);
    if (row !== null && column !== null) {
      const cell = cells[column][row];
      part("→", cell === NONE ? "passes, or was not played" : cell === NOTHING ? "comes to nothing" : `fails: ${words(data.failures[cell])}`);
    }
  }

  sheet.addEventListener("scroll", draw);
  window.addEventListener("resize", draw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  canvas.addEventListener("mousemove", (event) => { under = place(event); draw(); tell(); });
  canvas.addEventListener("mouseleave", () => { under = null; draw(); });
  canvas.addEventListener("click", (event) => {
    const at = place(event);
    if (at.row !== NONE && at.left) first = { row: first.row === rows[at.row] ? NONE : rows[at.row], column: NONE };
    else if (at.column !== NONE && at.top) first = { row: NONE, column: first.column === columns[at.column] ? NONE : columns[at.column] };
    else return;
    choose();
  });
  byId("filters").hidden = false;
  byId("filters").addEventListener("input", choose);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  for (const failure of data.failures) {
    const item = document.createElement("span"), mark = document.createElement("i");
    mark.style.background = COLOURS[failure] || "currentColor";
    item.append(mark, words(failure));
    byId("legend").append(item);
  }
  choose();
})();
