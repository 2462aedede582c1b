// What the program embeds in the page (src/report/page_data.cpp), read leniently: any part may be absent.

export interface ColumnInfo { name: string; type: string; missing: number; used: boolean; note: string; levels?: (string | null)[] | null }
export interface ModalityInfo {
  name: string; kind: string; latents: number; private: number; columns: ColumnInfo[];
  reconstruction_r2: number | null; participants: number | null; network?: string | null;
}
export interface CovariateInfo { name: string; columns: ColumnInfo[] }
export interface TableInfo { name: string; rows: number; kept: number; dropped: { reason: string; count: number }[] }
export interface BranchInfo {
  name: string; prior: string; objective: number | null; negative_log_likelihood: number | null; edges: number;
  selected: boolean; agreement: number | null;
}
export interface LatentInfo {
  /** Of the replicates: other solutions of the same fit, which say nothing of a repetition. */
  rivals: number;
  name: string; modality: string; agreement: number | null; agreement_min: number | null; replicates: number;
  expected?: number | null; expected_low?: number | null;
  predicted_r2?: number | null;
}
export interface Warning { code: string; text: string }
export interface Run {
  version: string; seed: number | null; threads: number | null; seconds: Record<string, number | null>;
  study: {
    name: string; participants: number; whom: string; training: number; validation: number; validation_people: number | null; complete: number; order: string;
    condition_on: string[];
    tables: TableInfo[]; modalities: ModalityInfo[]; covariates: CovariateInfo[];
  };
  method: { name: string; prior: string; divergence: string };
  branches: BranchInfo[]; replicates: string[]; latents: LatentInfo[]; checks: Record<string, number | null>; warnings: Warning[];
}

export type MarkName = "tail" | "arrow" | "circle";
export interface GraphNode { id: string; modality: string; type: string }
export interface GraphEdge {
  source: string; target: string; mark_source: MarkName; mark_target: MarkName; kind: string;
  strength: number | null; p_value: number | null; q_value: number | null; n: number | null;
  separating_set: string[]; stability: number | null;
}
export interface Graph { nodes: GraphNode[]; edges: GraphEdge[] }

export interface Relation { latent: string; table: string; column: string; spearman: number; n: number | null }
export interface Frequency {
  a: string; b: string; joined: number; a_to_b: number; b_to_a: number; undirected: number; two_arrows: number;
}
export interface Curve { series: string; steps: number[]; values: (number | null)[] }
export interface LatentScore { truth: string; estimate: string; spearman: number; pearson: number; r2: number }
export interface FeatureScore { truth: string; estimate: string; accuracy: number; chance: number }
export type Scores = Record<string, unknown> & { latents: LatentScore[]; features: FeatureScore[] };

export interface ColumnResponse { column: string; low: number; high: number; scaled: number }
/** What the model expects of a modality. Tables: columns; pictures: pixels (steps, height, width, channels) and change
 *  (128 = none) in base64; series: values per channel, step and point. */
export interface Response {
  modality: string; kind: string; columns: ColumnResponse[]; channels: string[]; height: number; width: number; pixels: string;
  change: string; largest: number; values: number[][][]; hours: number | null; samples: number;
}
export interface TraversalItem {
  latent: string; held: Response; descendants: { latent: string; low: number; high: number }[]; following: Response[];
}
export interface Traversals { steps: number[]; low: number; high: number; items: TraversalItem[] }

export interface FeatureNode { id: string; outcomes: string[]; parents: string[]; table: number[][] }
export interface FeatureNetwork {
  nodes: FeatureNode[]; edges: { source: string; target: string; strength: number | null; identified: boolean }[];
  clusters: { outcomes: string; probability: number; participants: number | null }[];
}
/** What the views show of a modality: pictures in base64, curves per view and channel, or columns with a value per view. */
export interface FeatureModality {
  modality: string; kind: string; explained: number | null; predicted: number | null; channels: string[]; height: number; width: number;
  pictures: string[]; curves: number[][][]; columns: { column: string; values: number[] }[]; parameters: string[]; values: (number | null)[][];
}
export interface FeatureMap {
  across: string; up: string; cells: number; end: number;
  nodes: { node: string; certainty: number | null; outcomes: { outcome: string; participants: number | null; cells: [number, number][] }[] }[];
}
/** Of a method that finds discrete features. A view is an outcome of a node or a joint outcome. */
export interface Features {
  network: FeatureNetwork; views: { node: string; outcome: string; joint: string }[]; modalities: FeatureModality[]; map: FeatureMap | null;
  interventions: { do_node: string; do_outcome: string; node: string; outcome: string; probability: number; observed: number }[];
}

export interface PageData {
  run: Run; settings: string | null; learned: Graph | null; discovered: Graph | null;
  frequencies: Frequency[] | null; relations: Relation[] | null;
  distributions: { latent: string; counts: number[] }[] | null;
  correlations: { names: string[]; rows: (number | null)[][] } | null; curves: Curve[] | null; scores: Scores | null;
  traversals: Traversals | null; features: Features | null;
}

type Loose = Record<string, any>;
const list = <T>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []);
const object = (value: unknown): Loose =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Loose) : {};
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const count = (value: unknown): number => (typeof value === "number" ? value : 0);

function graph(value: unknown): Graph | null {
  if (typeof value !== "object" || value === null) return null;
  const edges = list<GraphEdge>(object(value).edges);
  return {
    nodes: list<GraphNode>(object(value).nodes),
    edges: edges.map((edge) => ({ ...edge, separating_set: list<string>(edge.separating_set) })),
  };
}

function response(value: unknown): Response {
  const raw = object(value);
  return {
    modality: text(raw.modality), kind: text(raw.kind), columns: list(raw.columns), channels: list(raw.channels), height: count(raw.height),
    width: count(raw.width), pixels: text(raw.pixels), change: text(raw.change), largest: count(raw.largest), values: list(raw.values),
    hours: typeof raw.hours === "number" ? raw.hours : null, samples: count(raw.samples),
  };
}

function traversals(value: unknown): Traversals | null {
  if (typeof value !== "object" || value === null) return null;
  const raw = object(value);
  return {
    steps: list(raw.steps), low: count(raw.low), high: count(raw.high),
    items: list<Loose>(raw.items).map((item) => ({
      latent: text(item.latent), held: response(item.held), descendants: list(item.descendants), following: list(item.following).map(response),
    })),
  };
}

function features(value: unknown): Features | null {
  if (typeof value !== "object" || value === null) return null;
  const raw = object(value);
  const network = object(raw.network);
  return {
    network: { nodes: list(network.nodes), edges: list(network.edges), clusters: list(network.clusters) },
    views: list<Loose>(raw.views).map((view) => ({ node: text(view.node), outcome: text(view.outcome), joint: text(view.joint) })),
    modalities: list<Loose>(raw.modalities).map((one) => ({
      modality: text(one.modality), kind: text(one.kind), explained: one.explained ?? null, predicted: one.predicted ?? null,
      channels: list(one.channels), height: count(one.height), width: count(one.width), pictures: list(one.pictures), curves: list(one.curves),
      columns: list(one.columns), parameters: list(one.parameters), values: list(one.values),
    })),
    map: typeof raw.map === "object" && raw.map !== null ? (raw.map as FeatureMap) : null, interventions: list(raw.interventions),
  };
}

export function complete(raw: unknown): PageData {
  const data = object(raw);
  const run = object(data.run);
  const study = object(run.study);
  const columns = (table: Loose) => ({ ...table, columns: list<ColumnInfo>(table.columns) });
  return {
    run: {
      version: text(run.version), seed: run.seed ?? null, threads: run.threads ?? null,
      seconds: object(run.seconds),
      study: {
        name: text(study.name), participants: count(study.participants),
        whom: typeof study.whom === "string" ? study.whom : `${count(study.participants)} participants`, training: count(study.training),
        validation: count(study.validation),
        validation_people: typeof study.validation_people === "number" ? study.validation_people : null, complete: count(study.complete ?? study.participants), order: text(study.order),
        condition_on: list<string>(study.condition_on),
        tables: list<Loose>(study.tables).map((t) => ({ ...t, dropped: list(t.dropped) }) as unknown as TableInfo),
        modalities: list<Loose>(study.modalities).map((m) => columns(m) as unknown as ModalityInfo),
        covariates: list<Loose>(study.covariates).map((t) => columns(t) as unknown as CovariateInfo),
      },
      method: { name: text(object(run.method).name), prior: text(object(run.method).prior), divergence: text(object(run.method).divergence) },
      branches: list(run.branches), replicates: list<string>(run.replicates),
      latents: list<LatentInfo>(run.latents).map((latent) => ({ ...latent, rivals: count(latent.rivals) })), checks: object(run.checks),
      warnings: list(run.warnings),
    },
    settings: typeof data.settings === "string" ? data.settings : null,
    learned: graph(data.learned), discovered: graph(data.discovered),
    frequencies: Array.isArray(data.frequencies) ? data.frequencies : null,
    relations: Array.isArray(data.relations) ? data.relations : null,
    distributions: Array.isArray(data.distributions) ? data.distributions : null,
    correlations: data.correlations ? (data.correlations as PageData["correlations"]) : null,
    curves: Array.isArray(data.curves) ? data.curves : null,
    scores: data.scores ? ({ ...data.scores, latents: list(data.scores.latents), features: list(data.scores.features) } as Scores) : null,
    traversals: traversals(data.traversals), features: features(data.features),
  };
}
