// The table of edges: sorted, filtered, copied.
import type { GraphEdge, PageData } from "./data";
import { h, named } from "./dom";
import { csvCell, integer, plural, pValue, share } from "./format";
import { codings, countWords, form, glyph, isAbsent, signWords, unsignedEnds } from "./words";

interface Row { edge: GraphEdge; origin: string; count: string; sign: string }
interface Column {
  key: string; name: string; title: string; numeric: boolean; names?: boolean;
  text: (row: Row) => string; value: (row: Row) => string | number | null; raw: (row: Row) => string;
}

const rawNumber = (value: number | null) => (value === null || value === undefined ? "" : String(value));

const columns: Column[] = [
  { key: "source", name: "From", title: "", numeric: false, names: true, text: (r) => r.edge.source, value: (r) => r.edge.source, raw: (r) => r.edge.source },
  { key: "marks", name: "", title: "Arrow: direction found; line: direction not identifiable", numeric: false,
    text: (r) => glyph(r.edge), value: (r) => form(r.edge), raw: (r) => `${r.edge.mark_source}-${r.edge.mark_target}` },
  { key: "target", name: "To", title: "", numeric: false, names: true, text: (r) => r.edge.target, value: (r) => r.edge.target, raw: (r) => r.edge.target },
  { key: "found_by", name: "Found by", title: "The fitted model, or the search over latents and covariates", numeric: false,
    text: (r) => r.origin, value: (r) => r.origin, raw: (r) => r.origin },
  { key: "kind", name: "Kind", title: "", numeric: false, text: (r) => (isAbsent(r.edge) ? r.edge.kind : form(r.edge)),
    value: (r) => form(r.edge), raw: (r) => r.edge.kind },
  { key: "strength", name: "Strength", title: "Search: partial correlation of the weakest test; model: probability of the link", numeric: true,
    text: (r) => share(r.edge.strength), value: (r) => (r.edge.strength === null ? null : Math.abs(r.edge.strength)), raw: (r) => rawNumber(r.edge.strength) },
  { key: "p_value", name: "p", title: "Of the weakest test", numeric: true, text: (r) => pValue(r.edge.p_value), value: (r) => r.edge.p_value, raw: (r) => rawNumber(r.edge.p_value) },
  { key: "q_value", name: "q", title: "p, adjusted for the number of edges", numeric: true, text: (r) => pValue(r.edge.q_value), value: (r) => r.edge.q_value, raw: (r) => rawNumber(r.edge.q_value) },
  { key: "n", name: "n", title: "Participants behind the weakest test", numeric: true, text: (r) => r.count, value: (r) => r.edge.n, raw: (r) => rawNumber(r.edge.n) },
  { key: "stability", name: "Stability", title: "Share of repetitions with this edge", numeric: true,
    text: (r) => share(r.edge.stability), value: (r) => r.edge.stability, raw: (r) => rawNumber(r.edge.stability) },
  { key: "adjusted_for", name: "Adjusted for", title: "Variables conditioned on in the weakest test", numeric: false, names: true,
    text: (r) => r.edge.separating_set.join(", "), value: (r) => r.edge.separating_set.length, raw: (r) => r.edge.separating_set.join(";") },
  { key: "sign", name: "Sign", title: "Which of two levels the sign speaks for", numeric: false, text: (r) => r.sign, value: (r) => r.sign, raw: (r) => r.sign },
];

/** Undefined values last, whatever the direction. */
export function compare(a: string | number | null, b: string | number | null, down: boolean): number {
  const missing = (v: string | number | null) => v === null || v === undefined || v === "";
  if (missing(a) || missing(b)) return Number(missing(a)) - Number(missing(b));
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return down ? -order : order;
}

const strongestFirst = (edges: GraphEdge[], origin: string, data: PageData): Row[] =>
  edges.map((edge) => ({ edge, origin, count: countWords(edge, data.run.study.participants) || integer(null),
    sign: origin === "search" ? signWords(edge, codings(data), unsignedEnds(data)) : "" })).sort((a, b) => Math.abs(b.edge.strength ?? 0) - Math.abs(a.edge.strength ?? 0));

export function edgesView(data: PageData): HTMLElement[] {
  const rows: Row[] = [
    ...strongestFirst(data.discovered?.edges ?? [], "search", data),
    ...strongestFirst(data.learned?.edges ?? [], "model", data),
  ];
  if (rows.length === 0) return [h("p", {}, "No edges were found.")];
  const used = columns.filter((column) => !["p_value", "q_value", "n", "stability", "adjusted_for", "strength", "sign"].includes(column.key) ||
    rows.some((row) => column.raw(row) !== ""));
  const state = { key: "", down: true, text: "", origin: "", form: "" };
  let visible = rows;

  const body = h("tbody");
  const status = h("span", { class: "note", "aria-live": "polite" });
  const heads = used.map((column) => h("th", { scope: "col", class: column.numeric ? "num" : undefined, title: column.title },
    h("button", { type: "button", click: () => {
      state.down = state.key === column.key ? !state.down : column.numeric && !["p_value", "q_value"].includes(column.key);
      state.key = column.key;
      refresh();
    } }, column.name === "" ? "\u2192" : column.name)));

  function refresh(): void {
    const wanted = state.text.toLowerCase();
    const column = columns.find((c) => c.key === state.key);
    visible = rows.filter((row) => (state.origin === "" || row.origin === state.origin) && (state.form === "" || form(row.edge) === state.form) &&
      (wanted === "" || `${row.edge.source} ${row.edge.target}`.toLowerCase().includes(wanted)))
      .sort((a, b) => (column ? compare(column.value(a), column.value(b), state.down) : 0));
    body.replaceChildren(...visible.map((row) => h("tr", { class: isAbsent(row.edge) ? "absent" : undefined }, ...used.map((c) =>
      h("td", { class: c.numeric ? "num" : c.names ? (c.key === "adjusted_for" ? "long" : undefined) : "word" }, c.names ? named(c.text(row)) : c.text(row))))));
    heads.forEach((head, i) => head.setAttribute("aria-sort",
      used[i].key === state.key ? (state.down ? "descending" : "ascending") : "none"));
    status.textContent = visible.length === rows.length ? plural(rows.length, "edge") : `${visible.length} of ${rows.length} edges`;
  }

  async function copy(event: Event): Promise<void> {
    const button = event.currentTarget as HTMLButtonElement;
    const text = [used.map((c) => c.key).join(","), ...visible.map((row) => used.map((c) => csvCell(c.raw(row))).join(","))].join("\n") + "\n";
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages opened from a disk have no clipboard in some browsers; a selected text area works in all.
      const area = h("textarea", { readonly: true });
      area.value = text;
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
    }
    button.textContent = done ? "Copied" : "Copying was refused";
    setTimeout(() => { button.textContent = "Copy as CSV"; }, 1600);
  }
  const choice = (label: string, entries: [string, string][], set: (value: string) => void) => h("label", {}, `${label} `,
    h("select", { change: (event) => { set((event.target as HTMLSelectElement).value); refresh(); } },
      ...entries.map(([value, words]) => h("option", { value }, words))));

  refresh();
  return [
    h("div", { class: "controls" },
      h("label", {}, "Name contains ", h("input", { type: "search", size: 16, input: (event) => {
        state.text = (event.target as HTMLInputElement).value;
        refresh();
      } })),
      data.learned && data.discovered ? choice("Found by", [["", "all"], ["model", "model"], ["search", "search"]], (v) => { state.origin = v; }) : null,
      choice("Kind", [["", "all"], ["directed", "directed"], ["undirected", "undirected"], ["bidirected", "bidirected"], ["conflict", "conflict"], ["partial", "partial"]], (v) => { state.form = v; }),
      h("span", { class: "buttons" }, h("button", { type: "button", click: copy }, "Copy as CSV")), status),
    h("div", { class: "scroll", tabindex: 0 }, h("table", { class: "edges" }, h("thead", {}, h("tr", {}, ...heads)), body)),
    h("p", { class: "note" }, "p-values treat the latents as if they had been measured; they are estimates, so take p and q as a ranking. ",
      "n \u201Cof\u201D all: fewer than half of them show every column of the test, so it speaks of those only."),
  ];
}
