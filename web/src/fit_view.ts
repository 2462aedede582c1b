// How the fit went: branches, training curves, checks, time.
import { curves, type Line } from "./chart";
import type { BranchInfo, Curve, ModalityInfo, PageData } from "./data";
import { h, table } from "./dom";
import { decimal, seconds, share, spoken } from "./format";

const inks = ["#0063a3", "#b24a00", "#00795a", "#8e3d7b", "#7a6200", "#5a5a5a", "#2f7fa8", "#a33a3a"];
const kChartsOpen = 4;

export interface Chart { title: string; stage: number; lines: Line[] }

const stages = ["autoencoder", "explore", "start", "search", "branch", "prune"];
const stageWords: Record<string, string> = { autoencoder: "autoencoders", explore: "exploration", start: "starts", branch: "branches" };
const quantityWords: Record<string, string> = { nll: "negative log-likelihood", mse: "mean squared error" };

/** "restart0/branch1/again/nll_validation": one chart per restart, stage and quantity, one colour per numbered part
 *  ("autoencoder1" is the second modality), training dashed where validation is beside it. */
export function charts(series: Curve[], modalities: string[]): Chart[] {
  const found = new Map<string, Chart>();
  const colours = new Map<string, string>();
  const several = new Set(series.map((curve) => curve.series.split("/")[0]).filter((name) => /^restart\d+$/.test(name))).size > 1;
  for (const curve of series) {
    const parts = curve.series.split("/");
    const quantity = parts.pop()!;
    const plain = quantity.replace(/_(train|training|validation)$/, "");
    const restart = parts.length > 1 && /^restart\d+$/.test(parts[0]) ? parts.shift()! : "";
    const stage = (parts[0] ?? "").replace(/\d+$/, "");
    const number = (parts[0] ?? "").slice(stage.length);
    const where = [several ? restart.replace(/(\d+)/, " $1") : "", stageWords[stage] ?? stage].filter((part) => part !== "").join(", ");
    const what = quantityWords[plain] ?? plain.replace(/_/g, " ");
    const title = spoken(where === "" ? what : `${where}: ${what}`);
    const chart = found.get(title) ?? { title, stage: stages.indexOf(stage), lines: [] };
    found.set(title, chart);
    const first = stage === "autoencoder" && modalities[Number(number)] !== undefined ? modalities[Number(number)] : parts[0] ?? "";
    const unit = [first, ...parts.slice(1)].filter((part) => part !== "").join(" ");
    const key = `${title}\n${unit}`;
    if (!colours.has(key)) {
      colours.set(key, inks[[...colours.keys()].filter((other) => other.startsWith(`${title}\n`)).length % inks.length]);
    }
    const kind = quantity === plain ? "" : quantity.slice(plain.length + 1);
    chart.lines.push({
      name: [unit, kind].filter((part) => part !== "").join(" ") || plain, colour: colours.get(key)!,
      dashed: kind.startsWith("train"),
      points: curve.steps.map((step, i) => [step, curve.values[i]]).filter((p): p is [number, number] => p[1] !== null),
    });
  }
  const place = (chart: Chart) => (chart.stage < 0 ? stages.length : chart.stage);
  const restartOf = (chart: Chart) => Number(/^Restart (\d+)/.exec(chart.title)?.[1] ?? -1);
  return [...found.values()].sort((a, b) => restartOf(a) - restartOf(b) || place(a) - place(b) || (a.title < b.title ? -1 : 1));
}

const checkWords: Record<string, [string, string]> = {
  private_latent_dependence: ["Private parts and latents: largest |Spearman|", "near 0"],
  private_private_dependence: ["Private parts of different modalities: largest |Spearman|", "near 0"],
  exogenous_dependence: ["Noise terms of the latents: largest |Spearman|", "near 0"],
  weakest_trace: ["the faintest trace of a latent in other modalities (canonical correlation)", "well above 0"],
  structural_rank: ["latents with a link of their own to another modality", "number of latents"],
};

/** Name and wish of a check; "structural_rank.blood" belongs to a modality. */
export function checkText(key: string, latents: Map<string, number>): [string, string] {
  const dot = key.indexOf(".");
  const [name, modality] = dot < 0 ? [key, ""] : [key.slice(0, dot), key.slice(dot + 1)];
  const [words, wish] = checkWords[name] ?? [spoken(name), ""];
  const wanted = wish === "number of latents" && latents.has(modality) ? String(latents.get(modality)) : wish;
  return [modality === "" ? words : `${modality}: ${words}`, wanted];
}

export function fitView(data: PageData): HTMLElement[] {
  const { run } = data;
  const out: HTMLElement[] = [];
  if (run.branches.length > 0) {
    out.push(h("h3", {}, "Branches"),
      h("p", {}, "Complete solutions from different starting points. Objectives can be compared within a restart only. ",
        "Agreement compares a branch's hidden variables with those of the selected one."),
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
    const networks = known.some((m) => typeof m.network === "string");
    out.push(h("h3", {}, "Modalities"), table([
      { name: "Modality", cell: (m) => m.name }, { name: "Kind", cell: (m) => m.kind },
      ...(networks ? [{ name: "Network", cell: (m: ModalityInfo) => m.network ?? "\u2013" }] : []),
      { name: "Latents", numeric: true, cell: (m) => String(m.latents) },
      { name: "Private dimensions", numeric: true, cell: (m) => String(m.private) },
      { name: "Reconstruction R\u00B2", numeric: true, cell: (m) => share(m.reconstruction_r2, 3), title: "In held-out participants" },
    ], known));
  }
  const checks = Object.entries(run.checks);
  if (checks.length > 0) {
    const latents = new Map(run.study.modalities.map((m) => [m.name, m.latents]));
    out.push(h("h3", {}, "Checks of the assumptions"), h("p", {}, "In held-out participants."),
      table([{ name: "Check", cell: (c: [string, number | null]) => checkText(c[0], latents)[0] },
        { name: "Value", numeric: true, cell: (c) => (c[1] === null ? "\u2013" : String(Number(c[1].toPrecision(3))).replace("-", "\u2212")) },
        { name: "Wanted", cell: (c) => checkText(c[0], latents)[1] }], checks));
  }
  const drawn = data.curves === null ? [] : charts(data.curves, run.study.modalities.map((m) => m.name));
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
