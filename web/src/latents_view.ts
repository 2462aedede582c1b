// One card per hidden variable: what it is, how reproducible it is, what it is linked to.
import { Colours, kNegative, kPositive, shade } from "./colours";
import { histogram } from "./chart";
import type { GraphEdge, LatentInfo, PageData, Relation } from "./data";
import { h, named } from "./dom";
import { integer, share, shortened } from "./format";
import { hasBlocks, traversal } from "./traversal_view";
import { codings, columnWords, countWords, expectation, gloss, glyph, isNeverAgain, present, reconstruction, resting, verdict, verdictSentence,
  verdictWord } from "./words";

const kOwnShown = 8;
const kCovariatesShown = 6;
const kEdgesShown = 8;
const kMatrixColumns = 24;

function bars(title: string, relations: Relation[], most: number, data: PageData): HTMLElement | null {
  if (relations.length === 0) return null;
  const shown = relations.slice(0, most);
  const coding = codings(data);
  const all = data.run.study.participants;
  return h("div", { class: "bars" }, h("h4", {}, title),
    h("ul", {}, ...shown.map((relation) => {
      const size = Math.min(1, Math.abs(relation.spearman));
      const negative = relation.spearman < 0;
      const bar = h("span", { class: negative ? "bar negative" : "bar" });
      bar.style.width = `${50 * size}%`;
      bar.style.background = negative ? kNegative : kPositive;
      const words = columnWords(relation, coding);
      const few = typeof relation.n === "number" && 2 * relation.n < all;
      return h("li", { title: `${words}: ${share(relation.spearman, 3)}, n = ${integer(relation.n)}${few ? ` of ${integer(all)}` : ""}` },
        h("span", { class: words === relation.column && !few ? "name" : "name whole" }, words, few ? h("span", { class: "note" }, ` n\u00A0=\u00A0${integer(relation.n)}`) : null), h("span", { class: "track" }, bar),
        h("span", { class: "value" }, share(relation.spearman)));
    })),
    relations.length > most ? h("p", { class: "note" }, `and ${relations.length - most} weaker`) : null);
}

function links(latent: string, data: PageData): HTMLElement {
  const own = (edge: GraphEdge) => edge.source === latent || edge.target === latent;
  const size = (edge: GraphEdge) => Math.abs(edge.strength ?? 0);
  const line = (edge: GraphEdge, origin: string) => h("li", {}, named(`${edge.source} ${glyph(edge)} ${edge.target}`),
    h("span", { class: "note" }, ` ${[`${origin}\u00A0${share(edge.strength)}`, countWords(edge, data.run.study.participants).replace(/^(.)/, "n\u00A0=\u00A0$1"),
      isNeverAgain(edge) ? "in no resampled search" : typeof edge.stability === "number" && edge.stability < 0.5 ? `stability\u00A0${share(edge.stability)}` : ""]
      .filter((part) => part !== "").join(", ")}`));
  const found = present(data.discovered).filter(own).sort((a, b) => size(b) - size(a));
  const items = [...present(data.learned).filter(own).map((edge) => line(edge, "model")),
    ...found.slice(0, kEdgesShown).map((edge) => line(edge, "search"))];
  if (items.length === 0) return h("p", { class: "note" }, "No edge touches it.");
  return h("div", {}, h("h4", {}, "Edges"), h("ul", { class: "plain-list" }, ...items),
    found.length > kEdgesShown ? h("p", { class: "note" }, `and ${found.length - kEdgesShown} weaker in the table of edges`) : null);
}

function card(latent: LatentInfo, data: PageData, colours: Colours): HTMLElement {
  const relations = (data.relations ?? []).filter((relation) => relation.latent === latent.name);
  const own = relations.filter((relation) => relation.table === latent.modality);
  const covariates = relations.filter((relation) => relation.table !== latent.modality)
    .sort((a, b) => Math.abs(b.spearman) - Math.abs(a.spearman));
  const distribution = data.distributions?.find((entry) => entry.latent === latent.name);
  const modality = data.run.study.modalities.find((entry) => entry.name === latent.modality);
  const level = verdict(latent);
  const heldOut = data.run.study.validation_people;
  const item = data.traversals?.items.find((entry) => entry.latent === latent.name);
  const moves = traversal(item, data);
  const wide = item !== undefined && hasBlocks(item);
  const body = h("div", {},
    own.length > 0 ? h("p", { class: "gloss" }, gloss(own, codings(data))) : null,
    h("p", {}, [verdictSentence(latent), expectation(latent)].filter((text) => text).join(" ")),
    bars(`Relation to columns of ${latent.modality}`, own, kOwnShown, data),
    bars("Relation to covariates", covariates, kCovariatesShown, data),
    distribution ? h("div", {}, h("h4", {}, "Distribution over participants, in standard deviations"),
      histogram(distribution.counts, colours.tint(latent.modality, 0.6), `Distribution of ${latent.name}`)) : null,
    links(latent.name, data),
    modality && modality.reconstruction_r2 !== null
      ? h("p", { class: "note" }, reconstruction(modality.reconstruction_r2, modality.name, modality.kind, heldOut)) : null,
    typeof latent.predicted_r2 === "number" ? h("p", { class: "note" }, resting(latent.predicted_r2, latent.modality, heldOut)) : null,
    wide ? null : moves);
  const article = h("article", { class: wide ? "card wide" : "card" },
    h("header", {}, h("h3", {}, latent.name), h("span", { class: `badge ${level}` }, verdictWord(latent))),
    wide ? h("div", { class: "sides" }, body, moves) : body);
  article.style.borderTopColor = colours.of(latent.modality);
  return article;
}

/** Rows: latents; cells: correlation with the columns of `names`. */
function matrix(caption: string, rows: string[], names: string[], value: (row: string, name: string) => number | null): HTMLElement {
  return h("div", { class: "matrix-block" }, h("h3", {}, caption), h("div", { class: "scroll", tabindex: 0 }, h("table", { class: "matrix" },
    h("thead", {}, h("tr", {}, h("td", {}), ...names.map((name) =>
      h("th", { scope: "col" }, h("span", { title: name }, shortened(name, 26)))))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, h("th", { scope: "row" }, row), ...names.map((name) => {
      const number = value(row, name);
      const cell = h("td", {}, number === null ? "" : share(number));
      if (number !== null) {
        cell.style.background = shade(number);
        if (Math.abs(number) > 0.72) cell.style.color = "#ffffff";
      }
      return cell;
    })))))));
}

function overview(data: PageData): HTMLElement[] {
  const out: HTMLElement[] = [];
  const latents = data.run.latents.map((latent) => latent.name);
  const tables = new Set(data.run.study.covariates.map((table) => table.name));
  const found = (data.relations ?? []).filter((relation) => tables.has(relation.table));
  if (found.length > 0) {
    const coding = codings(data);
    const key = (relation: Relation) => `${tables.size > 1 ? `${relation.table}.` : ""}${columnWords(relation, coding)}`;
    const strongest = new Map<string, number>();
    for (const relation of found) {
      strongest.set(key(relation), Math.max(strongest.get(key(relation)) ?? 0, Math.abs(relation.spearman)));
    }
    const names = [...strongest.keys()].sort((a, b) => strongest.get(b)! - strongest.get(a)!).slice(0, kMatrixColumns);
    const values = new Map(found.map((relation) => [`${relation.latent}\n${key(relation)}`, relation.spearman]));
    const rest = strongest.size - names.length;
    out.push(matrix(`With covariates${rest > 0 ? ` (the ${names.length} strongest of ${strongest.size} covariates)` : ""}`,
      latents, names, (row, name) => values.get(`${row}\n${name}`) ?? null));
  }
  if (data.correlations !== null && data.correlations.names.length > 1) {
    const { names, rows } = data.correlations;
    out.push(matrix("Among themselves", names, names, (row, name) =>
      row === name ? null : rows[names.indexOf(row)]?.[names.indexOf(name)] ?? null));
  }
  return out;
}

export function latentsView(data: PageData, colours: Colours): (HTMLElement | null)[] {
  if (data.run.latents.length === 0) return [h("p", {}, "This run lists no hidden variables.")];
  return [
    h("p", {}, "What a hidden variable stands for can only be read from what it goes with. Bars show Spearman's rank correlation ",
      "with measured columns, strongest first: ", h("b", { class: "positive" }, "blue to the right"), " rises with it, ",
      h("b", { class: "negative" }, "red to the left"), " falls."),
    data.traversals === null ? null : h("p", {}, "Pictures, curves and arrows (a \u2192 b) show what the model expects when a hidden variable moves, in ",
      "standard deviations (sd) of it: averages that the model makes of the value, no participant's picture, recording or row. With the ",
      "others held, only its own modality changes. With its children following, it is set from outside and the model's edges carry the change on: ",
      "a hypothesis about an intervention, true only where the edges are. In a picture of a change, light pixels rise from ",
      "\u22121 to +1 sd, dark ones fall and mid-grey ones stay."),
    h("div", { class: "cards" }, ...data.run.latents.map((latent) => card(latent, data, colours))),
    h("p", {}, "The same as Spearman correlations, side by side (for covariates with several unordered categories: the correlation ratio). ",
      "Of a column with two levels, positive means higher at the level that is named first."),
    h("div", { class: "matrices" }, ...overview(data)),
  ];
}
