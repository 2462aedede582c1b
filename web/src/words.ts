// What the numbers say, in plain words.
import type { Graph, GraphEdge, LatentInfo, PageData, Relation } from "./data";
import { decimal, integer, joined, plural, share, spaced } from "./format";

export type Verdict = "good" | "fair" | "poor" | "unknown";
export const kGood = 0.95;
export const kFair = 0.9;

/** Repetitions of the fit that it was compared with. */
export const repeats = (latent: LatentInfo): number => Math.max(0, latent.replicates - latent.rivals);

/** Without a repetition only the bad news is known: a rival solution of the same fit that puts another variable in its place. */
export function verdict(latent: LatentInfo): Verdict {
  if (!(latent.replicates > 0) || latent.agreement === null) return "unknown";
  const shown = Math.round(100 * latent.agreement) / 100;  // judged as it is printed
  if (repeats(latent) === 0) return shown < kFair ? "poor" : "unknown";
  if (shown >= kGood) return "good";
  return shown >= kFair ? "fair" : "poor";
}

export const verdictWords: Record<Verdict, string> = {
  good: "Reproducible", fair: "Mostly reproducible", poor: "Not reproducible", unknown: "Not assessed",
};

export const verdictWord = (latent: LatentInfo): string =>
  verdict(latent) === "poor" && repeats(latent) === 0 ? "Not determined" : verdictWords[verdict(latent)];

const kRepeat = "to learn it, repeat the fit (--restarts 3)";

/** "2 repetitions of the fit and 1 rival solution". */
function compared(latent: LatentInfo): string {
  const rival = latent.rivals > 0 ? ` and in ${plural(latent.rivals, "rival solution")} of the same fit` : "";
  return `${plural(repeats(latent), "repetition")} of the fit${rival}`;
}

export function verdictSentence(latent: LatentInfo): string {
  const level = verdict(latent);
  if (repeats(latent) === 0 && latent.replicates > 0) {
    const rival = `${latent.rivals === 1 ? "another solution" : `${integer(latent.rivals)} other solutions`} of it`;
    const fits = latent.rivals === 1 ? "fits" : "fit";
    return level === "poor"
      ? `The fit was made once, and ${rival} ${fits} as well but ${latent.rivals === 1 ? "has" : "have"} another variable in its place: agreement ` +
        `${share(latent.agreement)}. Do not interpret it on its own.`
      : `The fit was made once, so whether it comes back is not known; ${kRepeat}. ${rival.charAt(0).toUpperCase()}${rival.slice(1)} that ${fits} as well ` +
        `${latent.rivals === 1 ? "agrees" : "agree"} with it: ${share(latent.agreement)}.`;
  }
  switch (level) {
    case "good":
      return `Found again in ${compared(latent)}, with agreement ${share(latent.agreement)}.`;
    case "fair":
      return `The main pattern came back in ${compared(latent)}, details differ: agreement ` +
        `${share(latent.agreement)}, at worst ${share(latent.agreement_min)}.`;
    case "poor":
      return `Other starting points of the fit led to another variable: agreement ${share(latent.agreement)} in ` +
        `${compared(latent)}, at worst ${share(latent.agreement_min)}. Do not interpret it on its own.`;
    default:
      return `The fit was made once, so whether it comes back is not known; ${kRepeat}.`;
  }
}

/** What simulations say of latents with such evidence, the lower end first; "" where no repetition was compared, and where
 *  the evidence says that it is not to be interpreted. */
export function expectation(latent: LatentInfo): string {
  if (latent.expected == null || latent.expected_low == null || repeats(latent) === 0 || verdict(latent) === "poor") return "";
  return `In simulated studies with a known truth, nine in ten latents with this evidence had a rank correlation above ` +
    `${share(latent.expected_low)} with the true one, on average about ${share(latent.expected)}.`;
}

/** Strength of a rank correlation, in the words that reports use. */
export function isNotable(relation: Relation): boolean {
  return Math.abs(relation.spearman) >= 0.3;
}

/** Which of two levels a sign speaks for: "male against female", "" of other columns and of levels that may not be named. */
export function against(levels: (string | null)[] | null | undefined): string {
  if (levels?.length !== 2 || (levels[0] === null && levels[1] === null)) return "";
  const [lower, upper] = levels;
  return `${upper ?? "the other level"} against ${lower ?? "the other level"}`;
}

/** `against` of every column: by table and name, and by the name of its node in the graph. */
export function codings(data: PageData): Map<string, string> {
  const out = new Map<string, string>();
  for (const table of [...data.run.study.modalities, ...data.run.study.covariates]) {
    for (const column of table.columns) {
      const words = against(column.levels);
      if (words === "") continue;
      out.set(`${table.name}\n${column.name}`, words);
      out.set(column.name.startsWith(`${table.name}.`) ? column.name : `${table.name}.${column.name}`, words);
    }
  }
  return out;
}

/** The column of a relation, with its coding where it has two levels. */
export function columnWords(relation: { table: string; column: string }, coding: Map<string, string>): string {
  const words = coding.get(`${relation.table}\n${relation.column}`);
  return words === undefined ? relation.column : `${relation.column} (${words})`;
}

/** What the signs of an edge mean at ends of two levels, where they have one: "t.sex: male against female". */
export function signWords(edge: GraphEdge, coding: Map<string, string>, unsigned: Set<string>): string {
  return [edge.source, edge.target].filter((id) => coding.has(id) && !unsigned.has(id)).map((id) => `${id}: ${coding.get(id)}`).join("; ");
}

/** "Rises with a and b; falls with c." from the strongest own columns. */
export function gloss(own: Relation[], coding: Map<string, string> = new Map()): string {
  const notable = own.filter(isNotable).slice(0, 4);
  if (notable.length === 0) return "No column of its modality goes with it clearly.";
  const rising = notable.filter((r) => r.spearman > 0).map((r) => columnWords(r, coding));
  const falling = notable.filter((r) => r.spearman < 0).map((r) => columnWords(r, coding));
  const parts: string[] = [];
  if (rising.length > 0) parts.push(`rises with ${joined(rising)}`);
  if (falling.length > 0) parts.push(`falls with ${joined(falling)}`);
  const sentence = parts.join("; ");
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

export type EdgeForm = "directed" | "undirected" | "bidirected" | "conflict" | "partial";

/** Kinds that say that there is no edge. */
export const isAbsent = (edge: GraphEdge): boolean => edge.kind === "forbidden" || edge.kind === "absent";

export function form(edge: GraphEdge): EdgeForm {
  if (edge.kind === "conflict") return "conflict";
  if (edge.mark_source === "circle" || edge.mark_target === "circle") return "partial";
  if (edge.mark_source === "tail" && edge.mark_target === "tail") return "undirected";
  return edge.mark_source === "arrow" && edge.mark_target === "arrow" ? "bidirected" : "directed";
}

const left = { tail: "\u2014", arrow: "\u2190", circle: "\u25CB\u2014" };
const right = { tail: "\u2014", arrow: "\u2192", circle: "\u2014\u25CB" };

/** The glyph between source and target. */
export function glyph(edge: GraphEdge): string {
  if (edge.mark_source === "tail") return right[edge.mark_target] ?? "\u2014";
  if (edge.mark_target === "tail") return left[edge.mark_source] ?? "\u2014";
  if (edge.mark_source === "arrow" && edge.mark_target === "arrow") return "\u2194";
  return edge.mark_source === "circle" ? (edge.mark_target === "arrow" ? "\u25CB\u2192" : "\u25CB\u2014\u25CB") : "\u2190\u25CB";
}

export function present(graph: Graph | null): GraphEdge[] {
  return graph === null ? [] : graph.edges.filter((edge) => !isAbsent(edge));
}

function searchSentence(data: PageData): string {
  const edges = present(data.discovered);
  if (data.discovered === null) return "No search over latents and covariates was run.";
  const covariates = data.discovered.nodes.filter((node) => node.type !== "latent").length;
  const forms: [EdgeForm, string][] = [
    ["directed", "with a direction"], ["undirected", "without one"], ["partial", "with an undecided end"],
    ["bidirected", "explained by a hidden common cause"],
    ["conflict", "with contradicting evidence about it"],
  ];
  const counts = forms
    .map(([key, words]) => ({ count: edges.filter((edge) => form(edge) === key).length, words }))
    .filter((entry) => entry.count > 0).map((entry) => `${integer(entry.count)} ${entry.words}`);
  return `A separate search over the hidden variables and ${plural(covariates, "covariate")} left ` +
    `${plural(edges.length, "edge")}${counts.length > 0 ? `: ${joined(counts)}` : ""}.`;
}

/** On how many an edge rests, "273 of 1,383" where that is less than half of them; "" where it is not known. */
export function countWords(edge: GraphEdge, participants: number): string {
  if (typeof edge.n !== "number") return "";
  return 2 * edge.n < participants ? `${integer(edge.n)} of ${integer(participants)}` : integer(edge.n);
}

/** Found in the whole sample, and in no search on a part of it. */
export const isNeverAgain = (edge: GraphEdge): boolean => edge.stability === 0;

/** "strength .58, n = 273 of 1,383, stability .90". */
export function edgeNumbers(edge: GraphEdge, participants: number): string {
  const n = countWords(edge, participants);
  return [`strength ${share(edge.strength)}`, n === "" ? "" : `n = ${n}`,
    isNeverAgain(edge) ? "in no resampled search" : typeof edge.stability === "number" ? `stability ${share(edge.stability)}` : ""]
    .filter((part) => part !== "").join(", ");
}

const kStable = 0.5;

/** Of those that most resampled searches found too, where such were made. */
export function strongest(all: GraphEdge[]): GraphEdge | null {
  const edges = all.filter((edge) => (edge.stability ?? 1) >= kStable);
  const size = (edge: GraphEdge) => Math.abs(edge.strength ?? 0);
  return edges.reduce<GraphEdge | null>((best, edge) =>
    edge.strength !== null && form(edge) === "directed" && (best === null || size(edge) > size(best)) ? edge : best, null);
}

/** Ids of the ends at which the strength of an edge has no sign: tests of discrete variables give an effect size only.
 *  Where such strengths are negative, the test was one that gives signs to all. Ordinal columns are tested as numbers. */
export function unsignedEnds(data: PageData): Set<string> {
  const discrete = new Set<string>();
  for (const table of data.run.study.covariates) {
    for (const column of table.columns) {
      if (column.type !== "binary" && column.type !== "categorical") continue;
      discrete.add(`${table.name}.${column.name}`);
      discrete.add(column.name);
    }
  }
  const isDiscrete = (id: string) => discrete.has(id) || discrete.has(id.split("=")[0]);
  const ends = present(data.discovered).filter((edge) => isDiscrete(edge.source) || isDiscrete(edge.target));
  if (ends.some((edge) => (edge.strength ?? 0) < 0)) return new Set();
  return new Set(ends.flatMap((edge) => [edge.source, edge.target]).filter(isDiscrete));
}

const kFewHeldOut = 20;

/** "; this rests on 5 participants and is not reliable" where few were held out. */
function reliance(heldOut: number | null): string {
  return heldOut !== null && heldOut < kFewHeldOut
    ? ` This rests on ${plural(heldOut, "held-out participant")} and is not reliable.` : "";
}

/** How much of a hidden variable the other modalities know, and how much rests on its own. */
export function resting(r2: number, modality: string, heldOut: number | null = null): string {
  const known = Math.round(100 * Math.max(0, Math.min(1, r2)));
  const few = reliance(heldOut);
  if (known < 1) {
    return few !== "" ? `The other modalities did not predict it in held-out participants.${few}`
      : `The other modalities say nothing about it: it rests on ${modality} alone.`;
  }
  return `The other modalities predict ${known}\u00A0% of its variance in held-out participants; the other ${100 - known}\u00A0% rest on ${modality} alone.${few}`;
}

/** How well the latents of a modality give its data back. */
export function reconstruction(r2: number, modality: string, kind: string, heldOut: number | null = null): string {
  const what = kind === "image" ? "pictures" : kind === "series" ? "recordings" : "columns";
  const begin = `All hidden variables of ${modality} together reproduce its ${what}`;
  return (r2 > 0 ? `${begin} with R\u00B2 ${share(r2)} in held-out participants.`
    : `${begin} no better than their mean does in held-out participants.`) + reliance(heldOut);
}

/** The study and its result in one paragraph. */
export function summary(data: PageData): string {
  const { study, latents, method, warnings } = data.run;
  const columns = study.modalities.reduce((sum, m) => sum + m.columns.filter((c) => c.used).length, 0);
  const names = study.modalities.map((m) => m.name);
  const hidden = latents.length || study.modalities.reduce((sum, m) => sum + m.latents, 0);
  const sentences = [
    `${spaced(study.whom)} measured in ${plural(names.length, "modality", "modalities")} ` +
      `(${joined(names)}; ${plural(columns, "column")}) were described by ${plural(hidden, "hidden variable")}.`,
  ];
  const assessed = latents.filter((latent) => repeats(latent) > 0 && verdict(latent) !== "unknown");
  if (assessed.length > 0) {
    const good = assessed.filter((latent) => verdict(latent) === "good").length;
    const poor = assessed.filter((latent) => verdict(latent) === "poor").map((latent) => latent.name);
    sentences.push(`When the fit was repeated, ${good === assessed.length ? "all of them" : `${good} of the ${assessed.length}`} ` +
      `came back nearly unchanged (agreement ${share(kGood)} or more)` +
      `${poor.length > 0 ? `; ${joined(poor)} did not come back` : ""}.`);
  } else if (latents.length > 0) {
    const unclear = latents.filter((latent) => verdict(latent) === "poor").map((latent) => latent.name);
    sentences.push(`The fit was made once, so whether they come back is not known; ${kRepeat}.` +
      `${unclear.length > 0 ? ` A rival solution of the same fit has another variable in place of ${joined(unclear)}.` : ""}`);
  }
  if (data.learned !== null) {
    const edges = present(data.learned);
    const modality = new Map(data.learned.nodes.map((node) => [node.id, node.modality]));
    const inside = edges.filter((edge) => modality.has(edge.source) && modality.get(edge.source) === modality.get(edge.target)).length;
    sentences.push((data.features === null ? `The fitted model links them by ${plural(edges.length - inside, "edge")} between modalities${inside > 0 ? ` and ${inside} inside` : ""}`
      : `They fall into clusters by ${plural(data.features.network.nodes.length, "discrete feature")}, whose network has ${plural(edges.length, "edge")}`) +
      `${method.prior ? ` (${method.prior} mechanisms)` : ""}` +
      `${study.condition_on.length > 0 ? `, given ${joined(study.condition_on)}` : ""}.`);
  }
  sentences.push(searchSentence(data));
  const hiddenNames = new Set(latents.map((latent) => latent.name));
  const top = strongest(present(data.discovered).filter((edge) => hiddenNames.has(edge.source) || hiddenNames.has(edge.target)));
  if (top !== null) {
    const sign = signWords(top, codings(data), unsignedEnds(data));
    sentences.push(`The strongest directed edge at a hidden variable is ${top.source} \u2192 ${top.target} ` +
      `(${edgeNumbers(top, study.participants)}${sign === "" ? "" : `; ${sign}`}).`);
  }
  if (data.scores !== null && typeof data.scores.mcc_spearman === "number") {
    sentences.push(`The truth is known here: the mean correlation with the true variables is ` +
      `${decimal(data.scores.mcc_spearman, 3)}.`);
  }
  if (warnings.length > 0) {
    sentences.push(`${plural(warnings.length, "warning")} below should be read before anything is concluded.`);
  }
  return sentences.join(" ");
}
