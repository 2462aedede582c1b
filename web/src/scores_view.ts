// Scores against a known truth (simulated data only).
import type { LatentScore, Scores } from "./data";
import { h, table } from "./dom";
import { share, spoken } from "./format";

const named: Record<string, string> = {
  mcc_spearman: "Mean correlation with the truth (Spearman)", mcc_spearman_min: "Worst latent (Spearman)",
  mcc: "Mean correlation with the truth (Pearson)", r2: "R\u00B2 of the truth given the estimates",
  shd: "Wrong edges between modalities", shd_within: "Wrong edges inside modalities",
};

export function scoresView(scores: Scores): HTMLElement[] {
  const rows = Object.entries(scores).filter((entry): entry is [string, number] => typeof entry[1] === "number")
    .filter(([key, value]) => !(key.startsWith("shd") && value < 0));
  return [
    h("p", {}, "The data were simulated, so the true hidden variables and their graph are known. Estimates were matched to the truth ",
      "inside each modality; nothing was chosen with the truth."),
    table([{ name: "Score", cell: (r: [string, number]) => named[r[0]] ?? spoken(r[0]) },
      { name: "Value", numeric: true, cell: (r) => (r[0].startsWith("shd") ? String(r[1]) : share(r[1], 3)) }], rows),
    ...(scores.latents.length > 0 ? [table<LatentScore>([
      { name: "True variable", cell: (r) => r.truth }, { name: "Estimate", cell: (r) => r.estimate },
      { name: "Spearman", numeric: true, cell: (r) => share(r.spearman, 3) },
      { name: "Pearson", numeric: true, cell: (r) => share(r.pearson, 3) },
      { name: "R\u00B2", numeric: true, cell: (r) => share(r.r2, 3) },
    ], scores.latents)] : []),
  ];
}
