// What the model expects to see when one hidden variable moves: alone, and with its children following.
import type { PageData, Response, TraversalItem } from "./data";
import { h, named } from "./dom";
import { joined, signed } from "./format";
import { columns, pictures, series } from "./response_charts";
import { form, present } from "./words";

export const hasBlocks = (item: TraversalItem): boolean =>
  [item.held, ...item.following].some((response) => response.kind !== "tabular");

function response(one: Response, latent: string, data: PageData): HTMLElement | null {
  const { steps, low, high } = data.traversals!;
  if (one.kind === "image") return pictures(one, latent, steps, low, high);
  return one.kind === "series" ? series(one, latent, steps, low, high) : columns(one);
}

/** Some direction along the way is the model's own choice: the data do not tell it. */
export function undecided(item: TraversalItem, data: PageData): boolean {
  const way = new Set([item.latent, ...item.descendants.map((d) => d.latent)]);
  return present(data.learned).some((edge) => way.has(edge.source) && way.has(edge.target) && form(edge) !== "directed");
}

function following(item: TraversalItem, data: PageData): HTMLElement | null {
  if (item.descendants.length === 0) return null;
  const { low, high } = data.traversals!;
  const names = item.following.map((one) => one.modality);
  return h("div", { class: "following" }, h("h4", {}, "With its children following"),
    h("p", { class: "note" }, `If ${item.latent} were set from ${signed(low)} to ${signed(high)} sd, the model's own edges would move`),
    h("ul", { class: "changes" }, ...item.descendants.map((d) => h("li", {}, h("span", { class: "name", title: d.latent }, named(d.latent)),
      h("span", { class: "value" }, `${signed(d.low, 2)} \u2192 ${signed(d.high, 2)} sd`)))),
    undecided(item, data) ? h("p", { class: "note" },
      "The data do not tell the direction of a link on the way; the model's order is assumed here, and the opposite is as possible.") : null,
    h("details", {}, h("summary", {}, `What is then expected of ${joined(names)}`), ...item.following.flatMap((one) => {
      const shown = response(one, item.latent, data);
      return shown === null ? [] : [h("h4", {}, one.modality), shown];
    })));
}

export function traversal(item: TraversalItem | undefined, data: PageData): HTMLElement | null {
  if (item === undefined || data.traversals === null) return null;
  const { low, high } = data.traversals;
  const shown = response(item.held, item.latent, data);
  const title = item.held.kind === "image" ? "Average picture at this value, the other hidden variables held"
    : item.held.kind === "series" ? "Average recording at this value, the other hidden variables held"
      : `Expected from ${signed(low)} to ${signed(high)} sd, the other hidden variables held`;
  const rest = following(item, data);
  if (shown === null && rest === null) return null;
  return h("div", { class: "traversal" }, shown === null ? null : h("h4", {}, title), shown, rest);
}
