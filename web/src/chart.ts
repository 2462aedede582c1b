// Small charts in SVG: bars of a distribution, and curves with a legend and a read-out.
import { h, svg } from "./dom";
import { decimal } from "./format";

/** Bars over [-3, 3]; -1 = too few participants to be drawn. */
export function histogram(counts: number[], colour: string, label: string): Element {
  const width = 200, height = 44, base = height - 10;
  const most = Math.max(1, ...counts);
  const step = width / counts.length;
  const bars = counts.map((count, i) => {
    const tall = (Math.max(0, count) / most) * (base - 2);
    return svg("rect", { x: i * step + 0.5, y: base - tall, width: step - 1, height: tall, fill: colour });
  });
  const ticks = [-2, 0, 2].map((value) =>
    svg("text", { x: ((value + 3) / 6) * width, y: height - 1, "text-anchor": "middle" },
      String(value).replace("-", "\u2212")));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "histogram", role: "img", "aria-label": label },
    svg("line", { x1: 0, x2: width, y1: base, y2: base, stroke: "#8a939c", "stroke-width": 0.7 }), ...bars, ...ticks);
}

export interface Line { name: string; colour: string; dashed: boolean; points: [number, number][] }

function niceStep(range: number, most: number): number {
  const raw = range / most;
  const unit = 10 ** Math.floor(Math.log10(raw));
  return unit * ([1, 2, 5, 10].find((factor) => factor * unit >= raw) ?? 10);
}

/** Round numbers from `low` to `high`, about `most` of them. */
export function ticks(low: number, high: number, most: number): number[] {
  if (!(high > low)) return [low];
  const step = niceStep(high - low, most);
  const out: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * step; ++k) out.push(Number((k * step).toPrecision(12)));
  return out;
}

export const tickText = (value: number): string => String(Number(value.toPrecision(6))).replace("-", "\u2212");

/** Curves over steps. The legend's buttons switch them; the read-out follows pointer and arrow keys. */
export function curves(title: string, lines: Line[]): HTMLElement {
  const width = 640, height = 260, left = 52, right = 12, top = 10, bottom = 34;
  const hidden = new Set<string>();
  const plot = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "curves", role: "img", tabindex: 0,
    "aria-label": `${title}: ${lines.map((line) => line.name).join(", ")}` });
  const readout = h("p", { class: "readout", "aria-live": "polite" });
  let steps: number[] = [];
  let at = -1;
  let place: (x: number, y: number) => [number, number] = (x, y) => [x, y];
  const cursor = svg("line", { class: "cursor", y1: top, y2: height - bottom, visibility: "hidden" });

  function read(index: number): void {
    at = Math.max(0, Math.min(steps.length - 1, index));
    if (steps.length === 0) return;
    const x = place(steps[at], 0)[0];
    cursor.setAttribute("x1", String(x));
    cursor.setAttribute("x2", String(x));
    cursor.setAttribute("visibility", "visible");
    const values = lines.filter((line) => !hidden.has(line.name)).map((line) => {
      const point = line.points.find(([step]) => step === steps[at]);
      return point ? `${line.name} ${decimal(point[1], 4)}` : "";
    });
    readout.textContent = `Step ${tickText(steps[at])}: ${values.filter((value) => value !== "").join(" \u00B7 ")}`;
  }

  function draw(): void {
    const shown = lines.filter((line) => !hidden.has(line.name));
    const points = shown.flatMap((line) => line.points);
    steps = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
    plot.replaceChildren();
    if (points.length === 0) return;
    const ys = points.map(([, y]) => y).sort((a, b) => a - b);
    // A first spike would press the rest flat: the axis ends a little above the 98th percentile.
    let high = ys[ys.length - 1];
    const usual = ys[Math.floor(0.98 * (ys.length - 1))];
    let low = ys[0];
    if (high - low > 3 * (usual - low) && usual > low) high = low + 1.25 * (usual - low);
    if (!(high > low)) { high = low + Math.max(1e-6, Math.abs(low) * 0.05); low -= high - low; }
    const pad = 0.04 * (high - low);
    low -= pad; high += pad;
    const [first, last] = [steps[0], steps[steps.length - 1]];
    place = (x, y) => [
      left + ((x - first) / Math.max(1e-9, last - first)) * (width - left - right),
      height - bottom - ((Math.min(y, high) - low) / (high - low)) * (height - top - bottom)];
    for (const y of ticks(low, high, 6)) {
      const py = place(first, y)[1];
      plot.append(svg("line", { class: "grid", x1: left, x2: width - right, y1: py, y2: py }),
        svg("text", { x: left - 6, y: py + 3.5, "text-anchor": "end" }, tickText(y)));
    }
    for (const x of ticks(first, last, 8)) {
      const px = place(x, low)[0];
      plot.append(svg("text", { x: px, y: height - bottom + 15, "text-anchor": "middle" }, tickText(x)));
    }
    plot.append(svg("text", { x: (left + width - right) / 2, y: height - 3, "text-anchor": "middle" }, "step"));
    for (const line of shown) {
      const path = line.points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${place(x, y).map((v) => v.toFixed(1)).join(" ")}`);
      plot.append(svg("path", { d: path.join(""), fill: "none", stroke: line.colour, "stroke-width": 1.6,
        "stroke-linejoin": "round", "stroke-dasharray": line.dashed ? "5 4" : undefined }));
    }
    plot.append(cursor);
  }

  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width;
    let best = 0;
    steps.forEach((step, i) => { if (Math.abs(place(step, 0)[0] - x) < Math.abs(place(steps[best], 0)[0] - x)) best = i; });
    read(best);
  });
  plot.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") read(at + 1);
    else if (event.key === "ArrowLeft") read(at - 1);
    else return;
    event.preventDefault();
  });

  const legend = h("div", { class: "legend" }, ...lines.map((line) => {
    const button = h("button", { type: "button", "aria-pressed": "true", click: () => {
      const off = !hidden.has(line.name);
      if (off) hidden.add(line.name); else hidden.delete(line.name);
      button.setAttribute("aria-pressed", String(!off));
      cursor.setAttribute("visibility", "hidden");
      readout.textContent = "";
      draw();
    } }, svg("svg", { viewBox: "0 0 22 8", width: 22, height: 8, "aria-hidden": "true" },
      svg("line", { x1: 0, x2: 22, y1: 4, y2: 4, stroke: line.colour, "stroke-width": 2.2,
        "stroke-dasharray": line.dashed ? "5 3" : undefined })), ` ${line.name}`);
    return button;
  }));
  draw();
  return h("figure", { class: "curve" }, h("figcaption", {}, title), plot, legend, readout);
}
