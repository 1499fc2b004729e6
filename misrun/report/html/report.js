"use strict";
(() => {
  // Without a plot (the run is gone) the copy buttons still have to work.
  const source = document.getElementById("plot-data");
  const plot = source ? JSON.parse(source.textContent) : { panels: [] };
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const number = (value) => {
    if (value === null || value === undefined) return "";
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace("e+", "e");
    return String(Number(value.toPrecision(4)));
  };
  const HEIGHT = 210;
  const SYNC = "run";
  let printing = false;

  // An absent point joins its neighbours (undefined), a value that is not finite breaks the line (null).
  const columns = (panel, log) =>
    panel.table.map((column, at) =>
      at === 0 ? column : column.map((y) => (y === "" ? undefined : log && y !== null && y <= 0 ? null : y)));

  const text = (context, words, x, y, colour) => {
    context.fillStyle = colour;
    context.fillText(words, x, y);
  };

  // Places on the canvas are in device pixels; a mark outside the zoomed range is not drawn.
  const across = (u, x) => u.valToPos(x, "x", true);
  const inside = (u, x) => x >= u.scales.x.min && x <= u.scales.x.max;

  const drawGaps = (u, gaps) => {
    const { left, top, width, height } = u.bbox;
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(left, top, width, height);
    u.ctx.clip();
    for (const [low, high] of gaps) {
      const from = across(u, low);
      const to = Math.max(across(u, high), from + 3 * devicePixelRatio);
      u.ctx.fillStyle = css("--gap");
      u.ctx.fillRect(from, top, to - from, height);
      if (to - from > 60 * devicePixelRatio) {
        u.ctx.textAlign = "center";
        u.ctx.textBaseline = "middle";
        text(u.ctx, "not finite", (Math.max(from, left) + Math.min(to, left + width)) / 2, top + height / 2, css("--dim"));
      }
    }
    u.ctx.restore();
  };

  const drawOnset = (u, onset) => {
    if (onset === null || !inside(u, onset)) return;
    const { left, top, width, height } = u.bbox;
    const x = Math.round(across(u, onset));
    const c = u.ctx;
    c.save();
    c.strokeStyle = css("--bad");
    c.lineWidth = 1.5 * devicePixelRatio;
    c.setLineDash([5 * devicePixelRatio, 3 * devicePixelRatio]);
    c.beginPath();
    c.moveTo(x, top);
    c.lineTo(x, top + height);
    c.stroke();
    const right = x > left + width * 0.8;
    c.textAlign = right ? "right" : "left";
    c.textBaseline = "bottom";
    text(c, "onset", x + (right ? -4 : 4) * devicePixelRatio, top + height - 3 * devicePixelRatio, css("--bad"));
    c.restore();
  };

  // Marks of one place share one flag, "1, 2", so that none hides another.
  const drawMarks = (u, marks) => {
    const groups = new Map();
    marks.forEach((x, at) => {
      if (!inside(u, x)) return;
      const place = Math.round(across(u, x));
      const near = [...groups.keys()].find((other) => Math.abs(other - place) < 26 * devicePixelRatio);
      groups.set(near ?? place, [...(groups.get(near ?? place) || []), at + 1]);
    });
    const c = u.ctx;
    c.save();
    c.textBaseline = "middle";
    c.textAlign = "center";
    for (const [x, numbers] of groups) {
      const words = numbers.join(", ");
      const half = c.measureText(words).width / 2 + 5 * devicePixelRatio;
      const high = 15 * devicePixelRatio;
      const middle = Math.min(Math.max(x, u.bbox.left + half), u.bbox.left + u.bbox.width - half);
      const top = u.bbox.top - high - 3 * devicePixelRatio;
      c.fillStyle = css("--mark");
      c.beginPath();
      c.roundRect(middle - half, top, 2 * half, high, 4 * devicePixelRatio);
      c.fill();
      c.beginPath();
      c.moveTo(x - 4 * devicePixelRatio, u.bbox.top - 4 * devicePixelRatio);
      c.lineTo(x + 4 * devicePixelRatio, u.bbox.top - 4 * devicePixelRatio);
      c.lineTo(x, u.bbox.top + 3 * devicePixelRatio);
      c.fill();
      text(c, words, middle, top + high / 2 + 0.5 * devicePixelRatio, css("--on-mark"));
    }
    c.restore();
  };

  const annotate = (panel) => (u) => {
    u.ctx.save();
    u.ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    drawGaps(u, panel.gaps);
    drawOnset(u, plot.onset);
    drawMarks(u, panel.marks);
    u.ctx.restore();
  };

  const readout = (panel, u) => {
    const at = u.cursor.idx;
    if (at === null || at === undefined) return "";
    const parts = panel.lines.map((line, row) => {
      const y = panel.table[row + 1][at];
      if (y === "") return "";
      const place = panel.places[row][at] ? ` (${line.file}:${panel.places[row][at]})` : "";
      return `${line.label} ${y === null ? "not finite" : number(y)}${place}`;
    });
    return [`${plot.axis} ${number(panel.table[0][at])}`, ...parts.filter(Boolean)].join(" · ");
  };

  const axes = () => {
    const line = { stroke: css("--line"), width: 1 };
    const common = { stroke: css("--dim"), font: "11px system-ui, sans-serif", grid: line, ticks: line };
    const split = (_, values) => values.map(number);
    return [
      { ...common, size: 30, label: plot.axis, labelSize: 16, labelFont: "11px system-ui, sans-serif", values: split },
      { ...common, size: 60, values: split },
    ];
  };

  const series = (panel) =>
    panel.lines.map((line, at) => ({
      label: line.label,
      stroke: css(`--line-${at % 4}`),
      width: 1.75,
      dash: line.dashed ? [6, 4] : undefined,
      points: panel.table[0].length < 60 ? { show: true, size: 5 } : undefined,
    }));

  // All panels share the range of the run, so that zooming one zooms all.
  const range = () => {
    const all = plot.panels.flatMap((panel) => (panel.table[0].length ? [panel.table[0][0], panel.table[0].at(-1)] : []));
    const [low, high] = [Math.min(...all), Math.max(...all)];
    return low === high ? [low - 1, high + 1] : [low, high];
  };
  const full = plot.panels.length ? range() : [0, 1];

  // A constant curve lies in the middle of its plot.
  const spread = (u, low, high) =>
    low === high ? [low - (Math.abs(low) / 10 || 1), high + (Math.abs(high) / 10 || 1)] : uPlot.rangeNum(low, high, 0.1, true);

  class View {
    constructor(panel, box) {
      this.panel = panel;
      this.box = box;
      this.figure = box.closest("figure");
      this.button = this.figure.querySelector(".scale");
      this.words = this.figure.querySelector(".readout");
      this.log = false;
      this.button.hidden = false;
      this.button.addEventListener("click", () => this.toggle());
      box.addEventListener("keydown", (event) => this.key(event));
      this.draw();
    }

    options() {
      return {
        width: Math.max(this.box.clientWidth, 200),
        height: HEIGHT,
        padding: [22, 12, 0, 0],
        legend: { show: false },
        cursor: { sync: { key: SYNC, scales: ["x", null] }, points: { size: 7 } },
        scales: { x: { time: false, min: full[0], max: full[1] }, y: this.log ? { distr: 3 } : { range: spread } },
        axes: axes(),
        series: [{}, ...series(this.panel)],
        hooks: {
          draw: [annotate(this.panel)],
          setCursor: [(u) => { this.words.textContent = readout(this.panel, u); }],
        },
      };
    }

    draw() {
      const shown = this.plot ? { min: this.plot.scales.x.min, max: this.plot.scales.x.max } : null;
      if (this.plot) this.plot.destroy();
      this.plot = new uPlot(this.options(), columns(this.panel, this.log), this.box);
      // The zoomed range does not show a double-click the whole run unless this is the range it goes back to.
      this.plot.over.addEventListener("dblclick", () => views.forEach((view) => view.show(...full)));
      this.show(...(shown && !printing ? [shown.min, shown.max] : full));
    }

    show(min, max) {
      this.plot.setScale("x", { min, max });
    }

    toggle() {
      this.log = !this.log;
      this.button.setAttribute("aria-pressed", String(this.log));
      this.draw();
    }

    move(by) {
      const last = this.panel.table[0].length - 1;
      const at = Math.min(Math.max((this.plot.cursor.idx ?? (by > 0 ? -1 : last + 1)) + by, 0), last);
      this.plot.setCursor({ left: this.plot.valToPos(this.panel.table[0][at], "x"), top: HEIGHT / 3 });
    }

    zoom(factor) {
      const { min, max } = this.plot.scales.x;
      const at = this.plot.cursor.idx;
      const middle = at === null || at === undefined ? (min + max) / 2 : this.panel.table[0][at];
      const half = ((max - min) * factor) / 2;
      views.forEach((view) => view.show(Math.max(full[0], middle - half), Math.min(full[1], middle + half)));
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const many = Math.max(1, Math.round(this.panel.table[0].length / 20));
      const does = {
        ArrowLeft: () => this.move(event.shiftKey ? -many : -1),
        ArrowRight: () => this.move(event.shiftKey ? many : 1),
        Home: () => this.move(-Infinity),
        End: () => this.move(Infinity),
        "+": () => this.zoom(0.5),
        "=": () => this.zoom(0.5),
        "-": () => this.zoom(2),
        "0": () => views.forEach((view) => view.show(...full)),
        Escape: () => views.forEach((view) => view.show(...full)),
        l: () => this.toggle(),
        L: () => this.toggle(),
      }[event.key];
      if (!does) return;
      event.preventDefault();
      does();
    }
  }

  const views = [];
  plot.panels.forEach((panel, at) => {
    const box = document.getElementById(`plot-${at}`);
    if (box && panel.lines.length) views.push(new View(panel, box));
  });

  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    views.forEach((view) => view.plot.setSize({ width: Math.max(view.box.clientWidth, 200), height: HEIGHT }));
  });
  const redraw = () => views.forEach((view) => view.draw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // Paper is light, shows the whole run, and has no folded parts.
  const folded = [];
  addEventListener("beforeprint", () => {
    printing = true;
    document.documentElement.classList.add("printing");
    document.querySelectorAll("details:not([open])").forEach((one) => { folded.push(one); one.open = true; });
    redraw();
  });
  addEventListener("afterprint", () => {
    printing = false;
    document.documentElement.classList.remove("printing");
    folded.splice(0).forEach((one) => { one.open = false; });
    redraw();
  });

  // A citation that points at a folded entry unfolds it.
  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const part = target && target.querySelector(":scope > details");
    if (part) part.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();

  const copy = async (words) => {
    try {
      await navigator.clipboard.writeText(words);
    } catch {
      // A page opened from a file may not have the clipboard; the old way needs a selection.
      const area = document.createElement("textarea");
      area.value = words;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  document.querySelectorAll("button.copy").forEach((button) => {
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await copy(button.dataset.copy);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = label; }, 1500);
    });
  });
})();
