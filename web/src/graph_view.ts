// The drawing of the graph: modalities as groups, layers from causes to effects.
import cytoscape, { type Core, type EdgeSingular, type NodeSingular } from "cytoscape";
import dagre from "cytoscape-dagre";
import { Colours, kConflict, kCovariate, kModel, kNegative, kPositive } from "./colours";
import type { GraphEdge, GraphNode, LatentInfo, PageData, Relation } from "./data";
import { h, svg } from "./dom";
import { integer, plural, pValue, share, shortened } from "./format";
import { form, glyph, present, verdict, verdictWords } from "./words";

cytoscape.use(dagre as unknown as cytoscape.Ext);

type Origin = "learned" | "discovered";
interface Drawn { edge: GraphEdge; origin: Origin }

const arrow = { tail: "none", arrow: "triangle", circle: "circle" } as const;

function colour({ edge, origin }: Drawn): string {
  if (origin === "learned") return kModel;
  const kind = form(edge);
  if (kind === "conflict") return kConflict;
  return (edge.strength ?? 0) < 0 ? kNegative : kPositive;
}

/** Own name of a node inside its group. */
export function localName(id: string, group: string): string {
  return group !== "" && id.startsWith(`${group}.`) ? id.slice(group.length + 1) : id;
}

export function edgeDetails({ edge, origin }: Drawn): [string, string][] {
  const kinds = {
    directed: "directed", undirected: "linked, direction not identifiable",
    conflict: "conflict: evidence about the direction contradicts itself", partial: "an end is undecided",
  };
  const rows: [string, string][] = [["Found by", origin === "learned" ? "the fitted model" : "search"],
    ["Kind", kinds[form(edge)]]];
  const add = (name: string, value: number | null, write: (v: number) => string) => {
    if (value !== null && value !== undefined) rows.push([name, write(value)]);
  };
  add(origin === "learned" ? "Probability of the link" : "Strength", edge.strength, (v) => share(v));
  add("p", edge.p_value, pValue);
  add("q", edge.q_value, pValue);
  add("n", edge.n, integer);
  if (origin === "discovered") {
    rows.push(["Adjusted for", edge.separating_set.length > 0 ? edge.separating_set.join(", ") : "nothing"]);
  }
  add("Stability", edge.stability, (v) => share(v));
  return rows;
}

function nodeDetails(node: GraphNode, latent: LatentInfo | undefined, top: Relation[]): [string, string][] {
  const rows: [string, string][] = [["Kind", node.type === "latent" ? `hidden variable of ${node.modality}` : "covariate"]];
  if (latent) {
    rows.push(["Reproducibility", `${verdictWords[verdict(latent)]}${
      latent.replicates > 0 ? ` (agreement ${share(latent.agreement)})` : ""}`]);
  }
  for (const relation of top.slice(0, 3)) rows.push([relation.column, share(relation.spearman)]);
  return rows;
}

function label(node: GraphNode, top: Relation[]): string {
  const own = shortened(localName(node.id, node.modality), 26);
  if (node.type !== "latent" || top.length === 0) return own;
  return `${own}\n${top[0].spearman < 0 ? "\u2212" : ""}${shortened(top[0].column, 22)}`;
}

function elements(nodes: GraphNode[], edges: Drawn[], data: PageData, colours: Colours): cytoscape.ElementDefinition[] {
  const groups = [...new Set(nodes.map((node) => node.modality).filter((name) => name !== ""))];
  const strongest = (id: string) => {
    const group = nodes.find((node) => node.id === id)?.modality;
    return (data.relations ?? []).filter((r) => r.latent === id && r.table === group);
  };
  const latents = new Map(data.run.latents.map((latent) => [latent.name, latent]));
  return [
    ...groups.map((name) => ({ data: { id: `group:${name}`, label: shortened(name, 30), tint: colours.tint(name, 0.07),
      line: colours.tint(name, 0.45), ink: colours.of(name) } })),
    ...nodes.map((node) => {
      const top = strongest(node.id);
      const text = label(node, top);
      const latent = latents.get(node.id);
      const longest = Math.max(...text.split("\n").map((line) => line.length));
      return {
        data: {
          id: `node:${node.id}`, parent: node.modality === "" ? undefined : `group:${node.modality}`, label: text,
          width: 22 + 6.9 * longest, height: text.includes("\n") ? 40 : 28,
          ink: node.type === "latent" ? colours.of(node.modality) : kCovariate,
          fill: node.type === "latent" ? colours.tint(node.modality, 0.18) : "#ffffff",
          name: node.id, details: nodeDetails(node, latent, top),
        },
        classes: `${node.type === "latent" ? "latent" : "covariate"} ${
          latent && verdict(latent) === "poor" ? "unstable" : ""}`,
      };
    }),
    ...edges.map((drawn, index) => ({
      data: {
        id: `edge:${index}`, source: `node:${drawn.edge.source}`, target: `node:${drawn.edge.target}`,
        colour: colour(drawn), thick: 1.3 + 5 * Math.min(1, Math.abs(drawn.edge.strength ?? 0.3)),
        begin: arrow[drawn.edge.mark_source] ?? "none", end: arrow[drawn.edge.mark_target] ?? "none",
        faint: 0.35 + 0.65 * Math.min(1, drawn.edge.stability ?? 1),
        name: `${drawn.edge.source} ${glyph(drawn.edge)} ${drawn.edge.target}`, details: edgeDetails(drawn),
      },
      classes: `${drawn.origin} ${form(drawn.edge)}`,
    })),
  ];
}

const font = "system-ui, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif";
const style = [
  { selector: "node", style: { label: "data(label)", "font-family": font, "font-size": 12, color: "#1c2630" } },
  { selector: "node[name]", style: { "text-wrap": "wrap", "text-valign": "center", "text-halign": "center", width: "data(width)", height: "data(height)",
    "background-color": "data(fill)", "border-color": "data(ink)", "border-width": 1.5, shape: "round-rectangle" } },
  { selector: "node.covariate", style: { shape: "rectangle", "border-width": 1 } },
  { selector: "node.unstable", style: { "border-style": "dashed", "border-width": 2 } },
  { selector: ":parent", style: { label: "data(label)", "background-color": "data(tint)", "border-color": "data(line)",
    "border-width": 1, color: "data(ink)", "font-weight": 600, "text-valign": "top", "text-margin-y": -4, padding: 14 } },
  { selector: "edge", style: { width: "data(thick)", "line-color": "data(colour)", "target-arrow-color": "data(colour)",
    "source-arrow-color": "data(colour)", "source-arrow-shape": "data(begin)", "target-arrow-shape": "data(end)",
    "arrow-scale": 1.1, "curve-style": "bezier", "control-point-step-size": 50, opacity: "data(faint)" } },
  { selector: "edge.learned", style: { "line-style": "solid" } },
  { selector: "edge.conflict", style: { "line-style": "dashed" } },
  { selector: "edge.undirected", style: { "line-style": "dotted" } },
  { selector: ".off", style: { display: "none" } },
  { selector: "edge.lit", style: { opacity: 1, "underlay-color": "#ffd75e", "underlay-opacity": 0.7, "underlay-padding": 4 } },
  { selector: "node.lit", style: { "border-width": 3 } },
] as unknown as cytoscape.StylesheetJson;

function legend(hasConflict: boolean, both: boolean): HTMLElement {
  const line = (stroke: string, dash: string | undefined, words: string, head = true) =>
    h("li", {}, svg("svg", { viewBox: "0 0 34 10", width: 34, height: 10, "aria-hidden": "true" },
      svg("line", { x1: 0, y1: 5, x2: head ? 26 : 34, y2: 5, stroke, "stroke-width": 2.5, "stroke-dasharray": dash }),
      head ? svg("path", { d: "M24 0 L34 5 L24 10 Z", fill: stroke }) : null), ` ${words}`);
  return h("ul", { class: "legend" },
    line(kPositive, undefined, "found by search, goes up together"),
    line(kNegative, undefined, "found by search, one up, other down"),
    both ? line(kModel, undefined, "edge of the fitted model") : null,
    line(kPositive, "2 4", "direction not identifiable", false),
    hasConflict ? line(kConflict, "7 4", "conflict about the direction") : null,
    h("li", {}, "Thicker: stronger. Fainter: less stable."),
    h("li", {}, "Dashed box: latent that is not reproducible."));
}

export function graphView(data: PageData, colours: Colours): HTMLElement[] {
  const drawn: Drawn[] = [
    ...present(data.learned).map((edge) => ({ edge, origin: "learned" as const })),
    ...present(data.discovered).map((edge) => ({ edge, origin: "discovered" as const })),
  ];
  const known = new Map<string, GraphNode>();
  for (const node of [...(data.learned?.nodes ?? []), ...(data.discovered?.nodes ?? [])]) known.set(node.id, node);
  const linked = new Set(drawn.flatMap(({ edge }) => [edge.source, edge.target]));
  const nodes = [...known.values()].filter((node) => node.type === "latent" || linked.has(node.id));
  const left = known.size - nodes.length;
  const edges = drawn.filter(({ edge }) => known.has(edge.source) && known.has(edge.target));
  if (nodes.length === 0) return [h("p", {}, "This run has no graph.")];

  const canvas = h("div", { class: "canvas", role: "img", "aria-label":
    `Graph of ${plural(nodes.length, "variable")} and ${plural(edges.length, "edge")}; the table of edges below holds the same.` });
  const tip = h("div", { class: "tip", hidden: true });
  const stage = h("div", { class: "stage" }, canvas, tip);
  const state = { origin: (data.discovered ? "discovered" : "learned") as Origin | "both", covariates: true, least: 0, stable: 0 };
  let cy: Core | null = null;

  const shown = (edge: EdgeSingular): boolean => {
    const { edge: e, origin } = edges[Number(edge.id().slice(5))];
    return (state.origin === "both" || state.origin === origin) && Math.abs(e.strength ?? 1) >= state.least &&
      (e.stability ?? 1) >= state.stable;
  };
  function refresh(): void {
    if (cy === null) return;
    cy.batch(() => {
      cy!.edges().forEach((edge) => { edge.toggleClass("off", !shown(edge)); });
      cy!.nodes(".covariate").forEach((node) => {
        node.toggleClass("off", !state.covariates || state.origin === "learned" ||
          node.connectedEdges().filter((edge) => shown(edge)).length === 0);
      });
      cy!.nodes(":parent").forEach((group) => {
        group.toggleClass("off", group.children().filter((node: NodeSingular) => !node.hasClass("off")).length === 0);
      });
    });
  }
  function arrange(): void {
    if (cy === null) return;
    const narrow = canvas.clientWidth < 620;
    cy.elements(":visible").layout({ name: "dagre", rankDir: narrow ? "TB" : "LR", nodeSep: narrow ? 18 : 22, rankSep: narrow ? 60 : 110,
      ranker: "network-simplex", fit: false, animate: false } as cytoscape.LayoutOptions).run();
    fit();
  }
  function fit(): void {
    if (cy === null) return;
    const box = cy.elements(":visible").boundingBox();
    const zoom = Math.min(1.25, (canvas.clientWidth - 24) / box.w);
    canvas.style.height = `${Math.round(Math.min(760, Math.max(240, box.h * zoom + 40)))}px`;
    cy.resize();
    cy.fit(cy.elements(":visible"), 14);
    if (cy.zoom() > 1.25) { cy.zoom(1.25); cy.center(cy.elements(":visible")); }
  }
  function show(name: string, rows: [string, string][], x: number, y: number): void {
    tip.replaceChildren(h("strong", {}, name),
      h("dl", {}, ...rows.flatMap(([key, value]) => [h("dt", {}, key), h("dd", {}, value)])));
    tip.hidden = false;
    const room = stage.clientWidth - tip.offsetWidth - 6;
    tip.style.left = `${Math.max(4, Math.min(room, x + 14))}px`;
    const below = y + 14 + tip.offsetHeight < stage.clientHeight;
    tip.style.top = `${below ? y + 14 : Math.max(4, y - tip.offsetHeight - 10)}px`;
  }
  function start(): void {
    cy = cytoscape({ container: canvas, elements: elements(nodes, edges, data, colours), style, userZoomingEnabled: false,
      boxSelectionEnabled: false, autounselectify: true, minZoom: 0.15, maxZoom: 3 });
    refresh();
    arrange();
    cy.on("mouseover tap", "node, edge", (event) => {
      const target = event.target as NodeSingular | EdgeSingular;
      if (target.data("details") === undefined) return;
      cy!.elements().removeClass("lit");
      target.addClass("lit");
      if (target.isEdge()) target.connectedNodes().addClass("lit");
      show(String(target.data("name")), target.data("details"), event.renderedPosition.x, event.renderedPosition.y);
    });
    const clear = () => { cy!.elements().removeClass("lit"); tip.hidden = true; };
    cy.on("mouseout", "node, edge", clear);
    cy.on("tap", (event) => { if (event.target === cy) clear(); });
    let width = canvas.clientWidth;
    new ResizeObserver(() => {
      if (canvas.clientWidth === width) return;
      const turned = (canvas.clientWidth < 620) !== (width < 620);
      width = canvas.clientWidth;
      if (turned) arrange(); else fit();
    }).observe(canvas);
  }
  // The canvas has no size before it is in the page.
  requestAnimationFrame(start);

  const radio = (value: Origin | "both", words: string) => h("label", {}, h("input", { type: "radio", name: "origin",
    checked: state.origin === value, change: () => { state.origin = value; refresh(); arrange(); } }), ` ${words}`);
  const slider = (words: string, set: (value: number) => void) => {
    const output = h("output", {}, "0");
    const input = h("input", { type: "range", min: 0, max: 0.95, step: 0.05, value: 0, input: () => {
      output.textContent = share(Number(input.value));
      set(Number(input.value));
      refresh();
    } });
    return h("label", {}, `${words} `, input, " ", output);
  };
  const button = (words: string, title: string, click: () => void) =>
    h("button", { type: "button", title, click }, words);
  const zoom = (factor: number) => cy?.zoom({ level: cy.zoom() * factor,
    renderedPosition: { x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 } });
  const save = () => {
    const link = h("a", { href: cy!.png({ full: true, scale: 2, bg: "#ffffff" }), download: "graph.png" });
    link.click();
  };
  const hasStability = edges.some(({ edge }) => edge.stability !== null && edge.stability < 1);
  const controls = h("div", { class: "controls" },
    data.discovered && data.learned ? h("fieldset", {}, h("legend", {}, "Edges"), radio("discovered", "found by search"),
      radio("learned", "of the fitted model"), radio("both", "both")) : null,
    data.discovered && nodes.some((node) => node.type !== "latent") ? h("label", {}, h("input", { type: "checkbox", checked: true,
      change: (event) => { state.covariates = (event.target as HTMLInputElement).checked; refresh(); arrange(); } }), " covariates") : null,
    slider("Least strength", (value) => { state.least = value; }),
    hasStability ? slider("Least stability", (value) => { state.stable = value; }) : null,
    h("span", { class: "buttons" }, button("+", "Larger", () => zoom(1.25)), button("\u2212", "Smaller", () => zoom(0.8)),
      button("Fit", "Whole graph", fit), button("Save PNG", "Save the drawing", save)));
  return [
    h("p", {}, "An arrow is a hypothesis about a direct cause, under the assumptions listed at the end. Point at a box or a line, ",
      "or tap it, for its numbers. Drag boxes to arrange them."),
    controls, stage, legend(edges.some(({ edge }) => form(edge) === "conflict"), data.learned !== null),
    ...(left > 0 ? [h("p", { class: "note" }, `${plural(left, "covariate")} without any edge ${left === 1 ? "is" : "are"} not drawn.`)] : []),
  ];
}
