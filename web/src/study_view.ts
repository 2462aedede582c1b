// Who took part, which columns were used, and what is missing.
import type { ColumnInfo, PageData, TableInfo } from "./data";
import { h, table } from "./dom";
import { integer, percent, plural, spaced } from "./format";

function columnTable(name: string, columns: ColumnInfo[], participants: number): HTMLElement {
  const used = columns.filter((column) => column.used).length;
  const left = columns.length - used;
  const kinds = new Map<string, number>();
  for (const column of columns) if (column.used) kinds.set(column.type, (kinds.get(column.type) ?? 0) + 1);
  const missing = columns.filter((column) => column.used).reduce((sum, column) => sum + column.missing, 0);
  const account = [...kinds].map(([kind, count]) => `${count} ${kind}`).join(", ");
  const bar = (column: ColumnInfo) => {
    const inner = h("span", {});
    inner.style.width = `${participants > 0 ? (100 * column.missing) / participants : 0}%`;
    return h("span", { class: "missing", title: `${integer(column.missing)} of ${integer(participants)}` },
      h("span", { class: "track" }, inner), ` ${column.missing === 0 ? "0" : percent(column.missing, participants)}`);
  };
  return h("details", {}, h("summary", {}, h("b", {}, name), ` \u2013 ${plural(used, "column")} used${account ? ` (${account})` : ""}`,
    `, ${percent(missing, participants * used)} of their cells missing${left > 0 ? `; ${left} left out` : ""}`),
    table<ColumnInfo>([
      { name: "Column", cell: (c) => (c.used ? c.name : h("s", {}, c.name)) },
      { name: "Type", cell: (c) => c.type },
      { name: "Missing", cell: (c) => (c.used ? bar(c) : "") },
      { name: "Note", cell: (c) => (c.used || c.note ? c.note : "left out") },
    ], columns));
}

export function studyView(data: PageData): HTMLElement[] {
  const { study } = data.run;
  const account = table<TableInfo>([
    { name: "Table", cell: (t) => t.name },
    { name: "Rows", numeric: true, cell: (t) => integer(t.rows) },
    { name: "Used", numeric: true, cell: (t) => integer(t.kept) },
    { name: "Left out", cell: (t) => (t.dropped.length === 0 ? "\u2013"
      : t.dropped.map((entry) => `${integer(entry.count)}: ${entry.reason}`).join("; ")) },
  ], study.tables);
  const orders: Record<string, string> = {
    given: "The study lists its modalities causes first, so no edge of the model points backwards in that list.",
    unknown: "No direction was read off the order in which the modalities are listed.",
  };
  const absent = study.modalities.filter((m) => (m.participants ?? study.participants) < study.participants);
  const who = absent.length === 0 ? `${spaced(study.whom)} had data in every modality.`
    : `${spaced(study.whom)}, of whom ${integer(study.complete)} had data in every modality; ` +
      `${absent.map((m) => `${m.name} was there for ${integer(m.participants ?? 0)}`).join(", ")}.`;
  return [
    h("p", {}, `${who} ${integer(study.training)} of them trained the model; `,
      `${integer(study.validation)} were held out to compare solutions and to measure reconstruction. ${orders[study.order] ?? ""}`),
    ...(study.tables.length > 0 ? [account] : []),
    h("h3", {}, "Columns"),
    ...study.modalities.map((m) => columnTable(m.name, m.columns, study.participants)),
    ...study.covariates.map((c) => columnTable(`${c.name} (covariates)`, c.columns, study.participants)),
    h("p", { class: "note" }, "A missing cell stays missing: the model is told which cells it did not see. It is assumed that being missing ",
      "says nothing beyond what is measured."),
  ];
}
