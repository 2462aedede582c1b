// Elements are made from text only, never from markup, so that no name in the data can become code.

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

function build(element: Element, attributes: Attributes, children: Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) element.append(child);
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  build(element, attributes, children);
  return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  build(element, attributes, children);
  return element;
}

export interface TableColumn<Row> {
  name: string;
  cell: (row: Row) => Child;
  numeric?: boolean;
  title?: string;
}

export function table<Row>(columns: TableColumn<Row>[], rows: Row[], caption?: string): HTMLElement {
  const align = (c: TableColumn<Row>) => (c.numeric ? "num" : undefined);
  return h("div", { class: "scroll", tabindex: 0 },
    h("table", {},
      caption ? h("caption", {}, caption) : null,
      h("thead", {}, h("tr", {},
        ...columns.map((c) => h("th", { scope: "col", class: align(c), title: c.title }, c.name)))),
      h("tbody", {}, ...rows.map((row) =>
        h("tr", {}, ...columns.map((c) => h("td", { class: align(c) }, c.cell(row))))))));
}

/** A long name that may be broken after a dot, a slash or an underscore. */
export function named(text: string): HTMLElement {
  const span = h("span", {});
  for (const piece of text.split(/(?<=[._/=])/)) span.append(piece, h("wbr"));
  return span;
}
