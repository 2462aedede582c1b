// How the fit went: branches, training curves, checks, time.
import { curves, type Line } from "./chart";
import type { BranchInfo, Curve, PageData } from "./data";
import { h, table } from "./dom";
import { decimal, seconds, share, spoken } from "./format";

const inks = ["#0063a3", "#b24a00", "#00795a", "#8e3d7b", "#7a6200", "#5a5a5a", "#2f7fa8", "#a33a3a"];
const kChartsOpen = 4;

interface Chart { title: string; lines: Line[] }

/** Series named a/b/quantity_train and a/b/quantity_validation: one chart per stage and quantity, one colour per
 *  remaining part, training dashed. */
export function charts(series: Curve[]): Chart[] {
  const found = new Map<string, Chart>();
  const colours = new Map<string, string>();
  for (const curve of series) {
    const parts = curve.series.split("/");
    const quantity = parts[parts.length - 1];
    const dashed = /(^|_)train(ing)?$/.test(quantity);
    const plain = quantity.replace(/_(train|training|validation|valid|val)$/, "");
    const unit = parts.slice(1, -1).join("/");
    const title = parts.length > 1 ? `${parts[0]}: ${plain}` : plain;
    const chart = found.get(title) ?? { title, lines: [] };
    found.set(title, chart);
    const group = `${title}\n${unit}`;
    if (!colours.has(group)) {
      const taken = [...colours.keys()].filter((key) => key.startsWith(`${title}\n`)).length;
      colours.set(group, inks[taken % inks.length]);
    }
    const rest = quantity === plain ? "" : quantity.slice(plain.length + 1);
    chart.lines.push({
      name: [unit, rest].filter((part) => part !== "").join(" ") || plain, colour: colours.get(group)!, dashed,
      points: curve.steps.map((step, i) => [step, curve.values[i]]).filter((p): p is [number, number] => p[1] !== null),
    });
  }
  return [...found.values()];
}

export function fitView(data: PageData): HTMLElement[] {
  const { run } = data;
  const out: HTMLElement[] = [];
  if (run.branches.length > 0) {
    out.push(h("h3", {}, "Branches"),
      h("p", {}, "Complete solutions from different starting points. The one with the least objective was selected; agreement compares ",
        "its hidden variables with those of the others."),
      table<BranchInfo>([
        { name: "Branch", cell: (b) => (b.selected ? h("b", {}, `${b.name} (selected)`) : b.name) },
        { name: "Mechanisms", cell: (b) => b.prior },
        { name: "Objective", numeric: true, cell: (b) => decimal(b.objective, 4), title: "Held-out negative log-likelihood plus the price of the edges, nat" },
        { name: "Neg. log-likelihood", numeric: true, cell: (b) => decimal(b.negative_log_likelihood, 4), title: "Held out, nat per participant" },
        { name: "Edges", numeric: true, cell: (b) => String(b.edges) },
        { name: "Agreement", numeric: true, cell: (b) => (b.selected ? "\u2013" : share(b.agreement, 3)) },
      ], run.branches));
  }
  const known = run.study.modalities.filter((m) => m.reconstruction_r2 !== null && m.reconstruction_r2 !== undefined);
  if (known.length > 0) {
    out.push(h("h3", {}, "Modalities"), table([
      { name: "Modality", cell: (m) => m.name }, { name: "Kind", cell: (m) => m.kind },
      { name: "Latents", numeric: true, cell: (m) => String(m.latents) },
      { name: "Private dimensions", numeric: true, cell: (m) => String(m.private) },
      { name: "Reconstruction R\u00B2", numeric: true, cell: (m) => share(m.reconstruction_r2, 3), title: "In held-out participants" },
    ], known));
  }
  const checks = Object.entries(run.checks);
  if (checks.length > 0) {
    out.push(h("h3", {}, "Checks of the assumptions"),
      h("p", {}, "In held-out participants. Independences should be near 0; ranks of links should reach the number of latents."),
      table([{ name: "Check", cell: (c: [string, number | null]) => spoken(c[0]) },
        { name: "Value", numeric: true, cell: (c) => (c[1] === null ? "\u2013" : String(Number(c[1].toPrecision(3))).replace("-", "\u2212")) }], checks));
  }
  const drawn = data.curves === null ? [] : charts(data.curves);
  if (drawn.length > 0) {
    out.push(h("h3", {}, "Training curves"),
      h("div", { class: "chart-grid" }, ...drawn.slice(0, kChartsOpen).map((chart) => curves(chart.title, chart.lines))));
    if (drawn.length > kChartsOpen) {
      const grid = h("div", { class: "chart-grid" });
      const more = h("details", { toggle: () => {
        if (grid.childElementCount === 0) grid.append(...drawn.slice(kChartsOpen).map((chart) => curves(chart.title, chart.lines)));
      } }, h("summary", {}, `${drawn.length - kChartsOpen} more`), grid);
      out.push(more);
    }
  }
  const times = Object.entries(run.seconds);
  if (times.length > 0) {
    const total = times.reduce((sum, [, value]) => sum + (value ?? 0), 0);
    out.push(h("h3", {}, "Time"), table([{ name: "Stage", cell: (t: [string, number | null]) => spoken(t[0]) },
      { name: "Time", numeric: true, cell: (t) => seconds(t[1]) }], [...times, ["total", total] as [string, number | null]]));
  }
  return out;
}
