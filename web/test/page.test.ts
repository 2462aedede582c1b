// The page's words and numbers, without a browser.
import assert from "node:assert/strict";
import test from "node:test";
import { complete, type GraphEdge, type LatentInfo } from "../src/data";
import { compare } from "../src/edges_view";
import { conditionalRows, edgeWords, interventionRows } from "../src/features_view";
import { charts, checkText } from "../src/fit_view";
import { csvCell, decimal, integer, joined, percent, pValue, seconds, share, signed } from "../src/format";
import { movingChannel } from "../src/response_charts";
import { pictureWords, seriesWords } from "../src/response_words";
import { hasBlocks, undecided } from "../src/traversal_view";
import { codings, columnWords, edgeNumbers, expectation, form, gloss, glyph, reconstruction, resting, signWords, strongest, summary, unsignedEnds,
  verdict, verdictSentence, verdictWord } from "../src/words";

const edge = (over: Partial<GraphEdge>): GraphEdge => ({ source: "a", target: "b", mark_source: "tail", mark_target: "arrow",
  kind: "discovered", strength: 0.5, p_value: null, q_value: null, n: null, separating_set: [], stability: null, ...over });
const latent = (agreement: number | null, replicates: number, rivals = 0): LatentInfo =>
  ({ name: "m.z1", modality: "m", agreement, agreement_min: agreement, replicates, rivals });

test("numbers", () => {
  assert.equal(integer(1234567), "1,234,567");
  assert.equal(integer(null), "\u2013");
  assert.equal(share(-0.456), "\u2212.46");
  assert.equal(share(1), "1.00");
  assert.equal(share(-0.0001), ".00");
  assert.equal(decimal(-12.345, 1), "\u221212.3");
  assert.equal(pValue(0), "< 10\u207B\u00B9\u2075");
  assert.equal(pValue(0.0421), ".042");
  assert.equal(pValue(3.2e-12), "3 \u00D7 10\u207B\u00B9\u00B2");
  assert.equal(pValue(null), "\u2013");
  assert.equal(percent(1, 3), "33 %");
  assert.equal(percent(1, 100000), "< 0.1 %");
  assert.equal(percent(1, 0), "\u2013");
  assert.equal(seconds(75), "1 min 15 s");
  assert.equal(seconds(119.7), "2 min 0 s");
  assert.equal(joined(["a", "b", "c"]), "a, b and c");
  assert.equal(csvCell('a"b,c'), '"a""b,c"');
});

test("what simulations say of a latent is said only where something was compared", () => {
  assert.equal(expectation(latent(0.99, 0)), "");
  assert.equal(expectation({ ...latent(0.99, 0), expected: null, expected_low: null }), "");
  assert.match(expectation({ ...latent(0.99, 2), expected: 0.974, expected_low: 0.951 }), /above \.95 .* about \.97\./);
  // Neither of what is not to be interpreted, nor of a fit that was made once.
  assert.equal(expectation({ ...latent(0.8, 2), expected: 0.89, expected_low: 0.78 }), "");
  assert.equal(expectation({ ...latent(0.99, 1, 1), expected: 0.974, expected_low: 0.951 }), "");
});

test("a latent is judged by the number that is printed", () => {
  assert.equal(verdict(latent(0.946, 2)), "good");
  assert.equal(verdict(latent(0.944, 2)), "fair");
  assert.equal(verdict(latent(0.896, 2)), "fair");
  assert.equal(verdict(latent(0.894, 2)), "poor");
  assert.equal(verdict(latent(1, 0)), "unknown");
  assert.equal(verdict(latent(null, 2)), "unknown");
});

test("a rival solution of the same fit is no repetition", () => {
  assert.equal(verdict(latent(0.98, 1, 1)), "unknown");
  assert.match(verdictSentence(latent(0.98, 1, 1)), /made once, so .* not known; .*--restarts 3.* Another solution of it that fits as well agrees with it: \.98\./);
  assert.equal(verdict(latent(0.79, 1, 1)), "poor");
  assert.equal(verdictWord(latent(0.79, 1, 1)), "Not determined");
  assert.match(verdictSentence(latent(0.79, 1, 1)), /made once, and another solution of it fits as well but has another variable in its place/);
  assert.match(verdictSentence(latent(0.98, 3, 1)), /Found again in 2 repetitions of the fit and in 1 rival solution of the same fit/);
  const run = (rivals: number) => summary(complete({ run: { study: {},
    latents: [latent(0.98, 1, rivals), { ...latent(0.79, 1, rivals), name: "m.z2" }] } }));
  assert.match(run(1), /made once, so .* another variable in place of m\.z2\./);
  assert.doesNotMatch(run(1), /was repeated/);
  assert.match(run(0), /When the fit was repeated, 1 of the 2 came back/);
});

const coded = complete({ run: { study: { participants: 1383, covariates: [{ name: "life", columns: [
  { name: "sex", type: "binary", levels: ["female", "male"] }, { name: "ill", type: "binary", levels: ["no", null] },
  { name: "rare", type: "binary", levels: [null, null] }, { name: "kind", type: "categorical", levels: ["a", "b", null] }] }] } } });

test("a sign at two levels says which is the upper one", () => {
  const coding = codings(coded);
  assert.equal(columnWords({ table: "life", column: "sex" }, coding), "sex (male against female)");
  assert.equal(columnWords({ table: "life", column: "ill" }, coding), "ill (the other level against no)");
  assert.equal(columnWords({ table: "life", column: "rare" }, coding), "rare");
  assert.equal(columnWords({ table: "life", column: "kind" }, coding), "kind");
  const found = edge({ source: "life.sex", target: "m.z1" });
  assert.equal(signWords(found, coding, new Set()), "life.sex: male against female");
  assert.equal(signWords(found, coding, new Set(["life.sex"])), "");
  assert.equal(gloss([{ latent: "m.z1", table: "life", column: "sex", spearman: 0.5, n: 9 }], coding), "Rises with sex (male against female).");
});

test("an edge says on how many it rests and whether it was found again", () => {
  assert.equal(edgeNumbers(edge({ n: 273, stability: 0 }), 1383), "strength .50, n = 273 of 1,383, in no resampled search");
  assert.equal(edgeNumbers(edge({ n: 1272, stability: 0.9 }), 1383), "strength .50, n = 1,272, stability .90");
  assert.equal(edgeNumbers(edge({}), 1383), "strength .50");
  // The headline goes to an edge that most resampled searches found too.
  const rare = edge({ strength: 0.9, stability: 0.1 });
  assert.equal(strongest([rare, edge({ stability: 0.8 })])!.strength, 0.5);
  assert.equal(strongest([rare]), null);
});

test("a gloss names what goes with a latent", () => {
  const relation = (column: string, spearman: number) => ({ latent: "m.z1", table: "m", column, spearman, n: 9 });
  assert.equal(gloss([relation("weight", 0.9), relation("height", -0.5), relation("hair", 0.1)]), "Rises with weight; falls with height.");
  assert.equal(gloss([relation("hair", 0.1)]), "No column of its modality goes with it clearly.");
});

test("marks", () => {
  assert.deepEqual([form(edge({})), glyph(edge({}))], ["directed", "\u2192"]);
  const undirected = edge({ mark_target: "tail" });
  assert.deepEqual([form(undirected), glyph(undirected)], ["undirected", "\u2014"]);
  const conflict = edge({ mark_source: "arrow", kind: "conflict" });
  assert.deepEqual([form(conflict), glyph(conflict)], ["conflict", "\u2194"]);
  const partial = edge({ mark_source: "circle" });
  assert.deepEqual([form(partial), glyph(partial)], ["partial", "\u25CB\u2192"]);
  assert.equal(form(edge({ mark_source: "arrow" })), "bidirected");
});

test("undefined values come last in both directions", () => {
  const values = [0.1, null, 0.5];
  assert.deepEqual([...values].sort((a, b) => compare(a, b, true)), [0.5, 0.1, null]);
  assert.deepEqual([...values].sort((a, b) => compare(a, b, false)), [0.1, 0.5, null]);
});

test("curves are grouped by restart, stage and quantity", () => {
  const series = ["restart0/autoencoder1/mse_validation", "restart0/autoencoder0/mse_validation", "restart1/branch0/nll_train",
    "restart1/branch0/nll_validation", "loss"].map((name) => ({ series: name, steps: [1, 2], values: [2, null] }));
  const found = charts(series, ["body", "blood"]);
  assert.deepEqual(found.map((chart) => chart.title),
    ["Loss", "Restart 0, autoencoders: mean squared error", "Restart 1, branches: negative log-likelihood"]);
  assert.deepEqual(found[1].lines.map((line) => line.name), ["blood validation", "body validation"]);
  assert.deepEqual(found[2].lines.map((line) => line.dashed), [true, false]);
  assert.equal(found[2].lines[0].colour, found[2].lines[1].colour);
  assert.deepEqual(found[1].lines[0].points, [[1, 2]]);
});

test("checks have words", () => {
  assert.deepEqual(checkText("structural_rank.blood", new Map([["blood", 3]])),
    ["blood: latents with a link of their own to another modality", "3"]);
  assert.deepEqual(checkText("some_new_check", new Map()), ["Some new check", ""]);
});

test("what a latent rests on", () => {
  assert.match(resting(0.704, "blood"), /predict 70\u00A0% .* the other 30\u00A0% rest on blood alone/);
  assert.match(resting(-0.1, "blood"), /say nothing .* blood alone/);
  assert.match(resting(-0.1, "blood", 5), /did not predict it .* 5 held-out participants and is not reliable/);
  assert.match(resting(0.7, "blood", 5), /70.* not reliable/);
  assert.doesNotMatch(resting(0.7, "blood", 20), /reliable/);
  assert.match(reconstruction(0.4, "eye", "image", 3), /rests on 3 held-out participants/);
  assert.match(reconstruction(0.42, "eye", "image"), /of eye together reproduce its pictures with R\u00B2 \.42/);
  assert.match(reconstruction(-620.99, "night", "series"), /its recordings no better than their mean/);
});

test("whoever lacks a modality does not change how many have all", () => {
  assert.equal(complete({ run: { study: { participants: 9 } } }).run.study.complete, 9);
  assert.equal(complete({ run: { study: { participants: 9, complete: 4 } } }).run.study.complete, 4);
});

test("an empty run has a summary", () => {
  const data = complete({ run: { format: 1, study: {} } });
  assert.match(summary(data), /^0 participants/);
  assert.equal(data.scores, null);
});

test("the summary says what the fit was conditioned on", () => {
  const learned = { nodes: [], edges: [edge({ source: "a.z1", target: "b.z1" })] };
  const run = (study: object) => summary(complete({ run: { study }, learned }));
  assert.match(run({ condition_on: ["t.age", "t.sex"] }), /1 edge between modalities, given t\.age and t\.sex\./);
  assert.match(run({}), /1 edge between modalities\./);
});

test("the summary tells edges inside modalities from those between", () => {
  const nodes = [["a.z1", "a"], ["a.z2", "a"], ["b.z1", "b"]].map(([id, modality]) => ({ id, modality, type: "latent" }));
  const edges = [edge({ source: "a.z1", target: "b.z1" }), edge({ source: "a.z1", target: "a.z2" })];
  const run = (some: object[]) => summary(complete({ run: { study: {} }, learned: { nodes, edges: some } }));
  assert.match(run(edges), /1 edge between modalities and 1 inside\./);
  assert.match(run(edges.slice(0, 1)), /1 edge between modalities\./);
});

test("strengths at discrete variables have a sign only where some are negative", () => {
  const study = { covariates: [{ name: "t", columns: [{ name: "sex", type: "binary" }, { name: "age", type: "continuous" }] }] };
  const edges = [edge({ source: "t.sex", target: "m.z1" }), edge({ source: "t.age", target: "m.z1", strength: -0.3 })];
  assert.deepEqual([...unsignedEnds(complete({ run: { study }, discovered: { nodes: [], edges } }))], ["t.sex"]);
  // Of an ordinal column, tested as a number, a sign says nothing about the others.
  const ordinal = { covariates: [{ name: "t", columns: [{ name: "sex", type: "binary" }, { name: "age", type: "ordinal" }] }] };
  assert.deepEqual([...unsignedEnds(complete({ run: { study: ordinal }, discovered: { nodes: [], edges } }))], ["t.sex"]);
  edges[0].strength = -0.1;
  assert.equal(unsignedEnds(complete({ run: { study }, discovered: { nodes: [], edges } })).size, 0);
});

const item = (held: object, following: object[] = [], descendants: string[] = []) => complete({ traversals: { steps: [-2, -1, 0, 1, 2], low: -1,
  high: 1, items: [{ latent: "a.z1", held, following, descendants: descendants.map((latent) => ({ latent, low: -1, high: 1 })) }] } }).traversals!.items[0];

test("numbers with their sign", () => {
  assert.deepEqual([2, 0, -1].map((value) => signed(value)), ["+2", "0", "\u22121"]);
  assert.deepEqual([signed(0.04, 1), signed(-0.04, 1), signed(-1.26, 1)], ["0.0", "0.0", "\u22121.3"]);
});

test("what moves in a picture", () => {
  // 3 x 3 pixels, red and blue: blue rises by 10 % at the upper right, red is still.
  const change = new Uint8Array(18).fill(128);
  change[2 * 2 + 1] = 255;
  const { held } = item({ modality: "eye", kind: "image", channels: ["red", "blue"], height: 3, width: 3, largest: 0.1 });
  assert.equal(movingChannel(change, 2), 1);
  assert.equal(pictureWords(held, change), "on average red 0.0 and blue +1.1 % of full brightness; at most 10 % in a pixel, most at the upper right.");
  assert.match(pictureWords({ ...held, largest: 0 }, new Uint8Array(18).fill(128)), /at most 0 % in a pixel, spread over the picture/);
});

test("what moves in a night", () => {
  assert.equal(seriesWords([96, 96, 96, 96], [96, 92, 96, 96], 8), "96.0 \u2192 95.0, at most \u22124.0 at 3.0 h");
  assert.equal(seriesWords([1, 1], [1, 31], null), "1 \u2192 16");
});

test("a card is wide where pictures or series move, or follow", () => {
  assert.equal(hasBlocks(item({ kind: "tabular" })), false);
  assert.equal(hasBlocks(item({ kind: "image" })), true);
  assert.equal(hasBlocks(item({ kind: "tabular" }, [{ kind: "series" }])), true);
});

test("a direction that the data do not tell is said", () => {
  const moved = item({ kind: "tabular" }, [], ["b.z1"]);
  const learned = (target: string, mark_target: string) =>
    complete({ learned: { nodes: [], edges: [edge({ source: "a.z1", target, mark_target: mark_target as "tail", kind: "learned" })] } });
  assert.equal(undecided(moved, learned("b.z1", "arrow")), false);
  assert.equal(undecided(moved, learned("b.z1", "tail")), true);
  assert.equal(undecided(moved, learned("c.z1", "tail")), false);
});

const twoFeatures = complete({ features: {
  network: {
    nodes: [{ id: "node1", outcomes: ["0", "1"], parents: [], table: [[0.3, 0.7]] },
      { id: "node2", outcomes: ["0", "1", "2"], parents: [], table: [[0.2, 0.3, 0.5]] },
      { id: "node3", outcomes: ["0", "1"], parents: ["node1", "node2"], table: [[1, 0], [0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8], [0, 1]] }],
    edges: [{ source: "node1", target: "node3", strength: 0.9, identified: true }, { source: "node2", target: "node3", strength: 0.8, identified: false }],
    clusters: [],
  },
  interventions: [{ do_node: "node1", do_outcome: "0", node: "node3", outcome: "1", probability: 0.13, observed: 0.6 },
    { do_node: "node1", do_outcome: "1", node: "node3", outcome: "1", probability: 0.88, observed: 0.6 }],
} }).features!;

test("tables of features", () => {
  const rows = conditionalRows(twoFeatures.network.nodes[2], twoFeatures.network.nodes);
  assert.equal(rows.length, 6);
  assert.deepEqual(rows[1], { given: ["0", "1"], p: [0.9, 0.1] });
  assert.deepEqual(rows[3].given, ["1", "0"]);
  assert.deepEqual(interventionRows(twoFeatures, "node1"), [{ name: "node3 = 1", observed: 0.6, under: [0.13, 0.88] }]);
});

test("a direction is stated only where it is identified", () => {
  assert.deepEqual(edgeWords(twoFeatures), ["node1 \u2192 node3", "node2 \u2014 node3 (direction not identifiable)"]);
});
