// The drawing of the graph: modalities as groups, layers from causes to effects.
import cytoscape, { type Core, type EdgeSingular, type NodeSingular } from "cytoscape";
import dagre from "cytoscape-dagre";
import { Colours, kConflict, kCovariate, kModel, kNegative, kPositive, kUnsigned } from "./colours";
import type { GraphEdge, GraphNode, LatentInfo, PageData, Relation } from "./data";
import { h, svg } from "./dom";
import { plural, pValue, share, shortened } from "./format";
import { codings, columnWords, countWords, form, glyph, isNeverAgain, present, signWords, unsignedEnds, verdict, verdictWord } from "./words";

cytoscape.use(dagre as unknown as cytoscape.Ext);

/** More edges than this among covariates are left out at first. */
const kAmongShown = 12;

type Origin = "learned" | "discovered";
interface Drawn { edge: GraphEdge; origin: Origin }

const arrow = { tail: "none", arrow: "triangle", circle: "circle" } as const;

function colour({ edge, origin }: Drawn, unsigned: Set<string>): string {
  if (origin === "learned") return kModel;
  if (form(edge) === "conflict") return kConflict;
  if (unsigned.has(edge.source) || unsigned.has(edge.target)) return kUnsigned;
  return (edge.strength ?? 0) < 0 ? kNegative : kPositive;
}

/** Own name of a node inside its group. */
export function localName(id: string, group: string): string {
  return group !== "" && id.startsWith(`${group}.`) ? id.slice(group.length + 1) : id;
}

export function edgeDetails({ edge, origin }: Drawn, participants: number): [string, string][] {
  const kinds = {
    directed: "directed", undirected: "linked, direction not identifiable",
    conflict: "conflict: evidence about the direction contradicts itself", partial: "an end is undecided",
    bidirected: "hidden common cause, no direct link",
  };
  const rows: [string, string][] = [["Found by", origin === "learned" ? "the fitted model" : "search"],
    ["Kind", kinds[form(edge)]]];
  const add = (name: string, value: number | null, write: (v: number) => string) => {
    if (value !== null && value !== undefined) rows.push([name, write(value)]);
  };
  add(origin === "learned" ? "Probability of the link" : "Strength", edge.strength, (v) => share(v));
  add("p", edge.p_value, pValue);
  add("q", edge.q_value, pValue);
  add("n", edge.n, () => countWords(edge, participants));
  if (origin === "discovered") {
    rows.push(["Adjusted for", edge.separating_set.length > 0 ? edge.separating_set.join(", ") : "nothing"]);
  }
  add("Stability", edge.stability, (v) => (isNeverAgain(edge) ? "0: in no resampled search" : share(v)));
  return rows;
}

/** How often a resampled search joined the pair, and how it then directed it. */
function directionRow(edge: GraphEdge, data: PageData): [string, string][] {
  const found = (data.frequencies ?? []).find((f) =>
    (f.a === edge.source && f.b === edge.target) || (f.a === edge.target && f.b === edge.source));
  if (!found || !(found.joined > 0)) return [];
  const forward = found.a === edge.source ? found.a_to_b : found.b_to_a;
  const backward = found.a === edge.source ? found.b_to_a : found.a_to_b;
  const parts: [number, string][] = [[forward, "\u2192"], [backward, "\u2190"], [found.undirected, "\u2014"], [found.two_arrows, "\u2194"]];
  return [["Of these", parts.filter(([part]) => part > 0).map(([part, mark]) => `${mark} ${share(part / found.joined)}`).join(", ")]];
}

function nodeDetails(node: GraphNode, latent: LatentInfo | undefined, top: Relation[], coding: Map<string, string>): [string, string][] {
  const rows: [string, string][] = [["Kind", node.type === "latent" ? `hidden variable of ${node.modality}` : `covariate${node.modality ? ` of ${node.modality}` : ""}`]];
  if (latent) {
    rows.push(["Reproducibility", `${verdictWord(latent)}${
      latent.replicates > 0 ? ` (agreement ${share(latent.agreement)})` : ""}`]);
  }
  for (const relation of top.slice(0, 3)) rows.push([columnWords(relation, coding), share(relation.spearman)]);
  if (coding.has(node.id)) rows.push(["Sign", coding.get(node.id)!]);
  return rows;
}

/** Latents live in the box of their modality; covariates stand alone and need their table's name only where two
 *  tables share a column name. */
function label(node: GraphNode, top: Relation[], nodes: GraphNode[]): string {
  const local = localName(node.id, node.modality);
  const unique = nodes.filter((other) => other.type !== "latent" && localName(other.id, other.modality) === local).length < 2;
  const own = shortened(node.type === "latent" || unique ? local : node.id, 26);
  if (node.type !== "latent" || top.length === 0) return own;
  return `${own}\n${top[0].spearman < 0 ? "\u2212" : ""}${shortened(top[0].column, 22)}`;
}

/** True when directed edges lead from one node to the other; `next`: node -> effects. */
function leads(next: Map<string, string[]>, from: string, to: string, seen = new Set<string>()): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return (next.get(from) ?? []).some((id) => leads(next, id, to, seen));
}

/** Edges that have no direction are drawn from the layer that is earlier anyway; their marks go with their ends. */
function forward(drawn: Drawn[]): Drawn[] {
  const next = new Map<string, string[]>();
  for (const { edge } of drawn) {
    if (form(edge) === "directed" && edge.mark_target === "arrow") next.set(edge.source, [...(next.get(edge.source) ?? []), edge.target]);
  }
  return drawn.map((entry) => {
    const { edge } = entry;
    const turned = { ...edge, source: edge.target, target: edge.source, mark_source: edge.mark_target, mark_target: edge.mark_source };
    const backward = form(edge) === "directed" ? edge.mark_target !== "arrow" : leads(next, edge.target, edge.source);
    return backward ? { ...entry, edge: turned } : entry;
  });
}

function elements(nodes: GraphNode[], edges: Drawn[], data: PageData, colours: Colours): cytoscape.ElementDefinition[] {
  const groups = [...new Set(nodes.filter((node) => node.type === "latent" && node.modality !== "").map((node) => node.modality))];
  const strongest = (id: string) => {
    const group = nodes.find((node) => node.id === id)?.modality;
    return (data.relations ?? []).filter((r) => r.latent === id && r.table === group);
  };
  const latents = new Map(data.run.latents.map((latent) => [latent.name, latent]));
  const unsigned = unsignedEnds(data);
  const coding = codings(data);
  const signRow = (edge: GraphEdge): [string, string][] => {
    const words = signWords(edge, coding, unsigned);
    return words === "" ? [] : [["Sign", words]];
  };
  return [
    ...groups.map((name) => ({ data: { id: `group:${name}`, label: shortened(name, 30), tint: colours.tint(name, 0.07),
      line: colours.tint(name, 0.45), ink: colours.of(name) } })),
    ...nodes.map((node) => {
      const top = strongest(node.id);
      const text = label(node, top, nodes);
      const latent = latents.get(node.id);
      const longest = Math.max(...text.split("\n").map((line) => line.length));
      return {
        data: {
          id: `node:${node.id}`, parent: node.type === "latent" && node.modality !== "" ? `group:${node.modality}` : undefined, label: text,
          width: 22 + 6.9 * longest, height: text.includes("\n") ? 40 : 28,
          ink: node.type === "latent" ? colours.of(node.modality) : kCovariate,
          fill: node.type === "latent" ? colours.tint(node.modality, 0.18) : "#ffffff",
          name: node.id, details: nodeDetails(node, latent, top, coding),
        },
        classes: `${node.type === "latent" ? "latent" : "covariate"} ${
          latent && verdict(latent) === "poor" ? "unstable" : ""}`,
      };
    }),
    ...edges.map((drawn, index) => ({
      data: {
        id: `edge:${index}`, source: `node:${drawn.edge.source}`, target: `node:${drawn.edge.target}`,
        colour: colour(drawn, unsigned), thick: 1.3 + 5 * Math.min(1, Math.abs(drawn.edge.strength ?? 0.3)),
        begin: arrow[drawn.edge.mark_source] ?? "none", end: arrow[drawn.edge.mark_target] ?? "none",
        faint: 0.35 + 0.65 * Math.min(1, drawn.edge.stability ?? 1),
        name: `${drawn.edge.source} ${glyph(drawn.edge)} ${drawn.edge.target}`, details: [...edgeDetails(drawn, data.run.study.participants), ...(drawn.origin === "discovered" ? [...directionRow(drawn.edge, data), ...signRow(drawn.edge)] : [])],
      },
      classes: `${drawn.origin} ${form(drawn.edge)} ${isNeverAgain(drawn.edge) ? "never" : ""}`,
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
  { selector: "edge.routed", style: { "curve-style": "unbundled-bezier", "edge-distances": "intersection",
    "control-point-weights": (edge: EdgeSingular) => edge.scratch("controlPointWeights"),
    "control-point-distances": (edge: EdgeSingular) => edge.scratch("controlPointDistances") } },
  { selector: "edge.conflict", style: { "line-style": "dashed" } },
  { selector: "edge.undirected", style: { "line-style": "dotted" } },
  { selector: "edge.never", style: { width: 1, "line-style": "dashed", "line-dash-pattern": [2, 6] } },
  { selector: ".off", style: { display: "none" } },
  { selector: "edge.lit", style: { opacity: 1, "underlay-color": "#ffd75e", "underlay-opacity": 0.7, "underlay-padding": 4 } },
  { selector: "node.lit", style: { "border-width": 3 } },
] as unknown as cytoscape.StylesheetJson;

function legend(hasConflict: boolean, both: boolean, unsigned: boolean, never: boolean): HTMLElement {
  const line = (stroke: string, dash: string | undefined, words: string, head = true) =>
    h("li", {}, svg("svg", { viewBox: "0 0 34 10", width: 34, height: 10, "aria-hidden": "true" },
      svg("line", { x1: 0, y1: 5, x2: head ? 26 : 34, y2: 5, stroke, "stroke-width": 2.5, "stroke-dasharray": dash }),
      head ? svg("path", { d: "M24 0 L34 5 L24 10 Z", fill: stroke }) : null), ` ${words}`);
  return h("ul", { class: "legend" },
    line(kPositive, undefined, "found by search, goes up together"),
    line(kNegative, undefined, "found by search, one up, other down"),
    unsigned ? line(kUnsigned, undefined, "found by search, association without a sign") : null,
    both ? line(kModel, undefined, "edge of the fitted model") : null,
    line(kPositive, "2 4", "direction not identifiable", false),
    hasConflict ? line(kConflict, "7 4", "conflict about the direction") : null,
    never ? line(kUnsigned, "2 6", "found in no resampled search: do not rely on it", false) : null,
    h("li", {}, "Thicker: stronger. Fainter: less stable."),
    h("li", {}, "Dashed box: latent that is not reproducible."));
}

export function graphView(data: PageData, colours: Colours): HTMLElement[] {
  const drawn: Drawn[] = forward([
    ...present(data.learned).map((edge) => ({ edge, origin: "learned" as const })),
    ...present(data.discovered).map((edge) => ({ edge, origin: "discovered" as const })),
  ]);
  const known = new Map<string, GraphNode>();
  for (const node of [...(data.learned?.nodes ?? []), ...(data.discovered?.nodes ?? [])]) known.set(node.id, node);
  const linked = new Set(drawn.flatMap(({ edge }) => [edge.source, edge.target]));
  const nodes = [...known.values()].filter((node) => node.type === "latent" || linked.has(node.id));
  const left = known.size - nodes.length;
  const edges = drawn.filter(({ edge }) => known.has(edge.source) && known.has(edge.target));
  if (nodes.length === 0) return [h("p", {}, "This run has no graph.")];
  const isLatent = (id: string) => known.get(id)?.type === "latent";
  const touchesLatent = (edge: GraphEdge) => isLatent(edge.source) || isLatent(edge.target);
  const amongCovariates = edges.filter(({ edge }) => !touchesLatent(edge));

  const canvas = h("div", { class: "canvas", role: "img", "aria-label":
    `Graph of ${plural(nodes.length, "variable")} and ${plural(edges.length, "edge")}; the table of edges below holds the same.` });
  const tip = h("div", { class: "tip", hidden: true });
  const stage = h("div", { class: "stage" }, canvas, tip);
  const state = { origin: (data.discovered ? "discovered" : "learned") as Origin | "both", covariates: true, among: amongCovariates.length <= kAmongShown,
    least: 0, stable: 0 };
  let cy: Core | null = null;

  const shown = (edge: EdgeSingular): boolean => {
    const { edge: e, origin } = edges[Number(edge.id().slice(5))];
    return (state.origin === "both" || state.origin === origin) && Math.abs(e.strength ?? 1) >= state.least &&
      (e.stability ?? 1) >= state.stable && (state.among || touchesLatent(e));
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
  /** One edge per pair, and of those without a direction only what fits the layers that the others make. */
  function layered(): EdgeSingular[] {
    const visible = cy!.edges(":visible").toArray() as EdgeSingular[];
    const pair = (edge: EdgeSingular) => [edge.source().id(), edge.target().id()].sort().join("\n");
    const taken = new Set<string>();
    const next = new Map<string, string[]>();
    const kept: EdgeSingular[] = [];
    for (const directed of [true, false]) {
      for (const edge of visible) {
        const [from, to] = [edge.source().id(), edge.target().id()];
        if (edge.hasClass("directed") !== directed || taken.has(pair(edge)) || leads(next, to, from)) continue;
        taken.add(pair(edge));
        next.set(from, [...(next.get(from) ?? []), to]);
        kept.push(edge);
      }
    }
    return kept;
  }
  function arrange(): void {
    if (cy === null) return;
    const narrow = canvas.clientWidth < 620;
    const kept = layered();
    cy.edges().removeClass("routed");
    cy.nodes(":visible").union(cy.collection(kept as never)).layout({ name: "dagre", rankDir: narrow ? "TB" : "LR",
      nodeSep: narrow ? 18 : 22, rankSep: narrow ? 60 : 110, ranker: "network-simplex",
      edgeWeight: (edge: EdgeSingular) => (edge.hasClass("directed") ? 6 : 1), useDagreEdgeControlPoints: true,
      automaticDagreEdgeStyle: false, fit: false, animate: false } as cytoscape.LayoutOptions).run();
    for (const edge of kept) {
      // Parallel edges are spread by the drawing itself.
      const alone = edge.parallelEdges().filter((other) => other.visible()).length === 1;
      edge.toggleClass("routed", alone && (edge.scratch("controlPointWeights") ?? []).length > 0);
    }
    fit();
  }
  function fit(): void {
    if (cy === null) return;
    const box = cy.elements(":visible").boundingBox();
    // On a narrow screen a large graph stays legible and is moved with the finger.
    const least = canvas.clientWidth < 620 ? 0.5 : 0;
    const zoom = Math.min(1.25, Math.max(least, (canvas.clientWidth - 28) / box.w));
    canvas.style.height = `${Math.round(Math.min(760, Math.max(240, box.h * zoom + 40)))}px`;
    cy.resize();
    const high = (canvas.clientHeight - 28) / box.h;
    cy.zoom(Math.max(least, Math.min(zoom, high)));
    cy.center(cy.elements(":visible"));
  }
  function show(name: string, rows: [string, string][], x: number, y: number): void {
    tip.replaceChildren(h("strong", {}, name),
      h("dl", {}, ...rows.flatMap(([key, value]) => [h("dt", {}, key), h("dd", {}, value)])));
    tip.hidden = false;
    tip.style.left = "0";
    const right = x + 14 + tip.offsetWidth < stage.clientWidth;
    tip.style.left = `${right ? x + 14 : Math.max(2, x - tip.offsetWidth - 14)}px`;
    tip.style.top = `${Math.max(2, Math.min(stage.clientHeight - tip.offsetHeight - 2, y + 10))}px`;
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
    // The routes were made for the places that the layout chose.
    cy.on("drag", "node", (event) => {
      const moved = event.target as NodeSingular;
      moved.union(moved.descendants()).connectedEdges().removeClass("routed");
    });
    cy.on("mouseout", "node, edge", clear);
    cy.on("tap", (event) => { if (event.target === cy) clear(); });
    let width = canvas.clientWidth;
    new ResizeObserver(() => {
      if (canvas.clientWidth === width) return;
      const turned = (canvas.clientWidth < 620) !== (width < 620);
      width = canvas.clientWidth;
      requestAnimationFrame(() => { if (turned) arrange(); else fit(); });
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
    amongCovariates.length > 0 ? h("label", {}, h("input", { type: "checkbox", checked: state.among, change: (event) => {
      state.among = (event.target as HTMLInputElement).checked;
      refresh();
      arrange();
    } }), ` edges among covariates (${amongCovariates.length})`) : null,
    slider("Least strength", (value) => { state.least = value; }),
    hasStability ? slider("Least stability", (value) => { state.stable = value; }) : null,
    h("span", { class: "buttons" }, button("+", "Larger", () => zoom(1.25)), button("\u2212", "Smaller", () => zoom(0.8)),
      button("Fit", "Whole graph", fit), button("Save PNG", "Save the drawing", save)));
  return [
    h("p", {}, "An arrow is a hypothesis about a direct cause, under the assumptions listed at the end. Point at a box or a line, ",
      "or tap it, for its numbers. Drag boxes to arrange them, or the ground to move the whole."),
    controls, stage, legend(edges.some(({ edge }) => form(edge) === "conflict"), data.learned !== null, unsignedEnds(data).size > 0, edges.some(({ edge }) => isNeverAgain(edge))),
    ...(left > 0 ? [h("p", { class: "note" }, `${plural(left, "covariate")} without any edge ${left === 1 ? "is" : "are"} not drawn.`)] : []),
  ];
}
