// Puts the sections of the page together from the data embedded in it.
import { Colours } from "./colours";
import { complete, type PageData } from "./data";
import { h } from "./dom";
import { edgesView } from "./edges_view";
import { featuresView } from "./features_view";
import { fitView } from "./fit_view";
import { integer, share } from "./format";
import { graphView } from "./graph_view";
import { latentsView } from "./latents_view";
import { scoresView } from "./scores_view";
import { studyView } from "./study_view";
import { present, repeats, summary, verdict } from "./words";

function section(id: string, content: (HTMLElement | null)[] | null): void {
  const place = document.getElementById(id)!;
  if (content === null) place.remove();
  else place.querySelector(".body")!.append(...content.filter((item): item is HTMLElement => item !== null));
}

function figures(data: PageData): HTMLElement {
  const { study, latents } = data.run;
  const assessed = latents.filter((latent) => repeats(latent) > 0 && verdict(latent) !== "unknown").map((latent) => latent.agreement!).sort((a, b) => a - b);
  const middle = assessed.length === 0 ? null
    : (assessed[(assessed.length - 1) >> 1] + assessed[assessed.length >> 1]) / 2;
  const tile = (value: string, words: string) => h("div", {}, h("dd", {}, value), h("dt", {}, words));
  return h("dl", { class: "figures" }, tile(integer(study.participants), study.whom.replace(/^\d+ /, "")),
    tile(String(study.modalities.length), "modalities"), tile(String(latents.length), "hidden variables"),
    tile(middle === null ? "\u2013" : share(middle), "median agreement"),
    data.learned ? tile(String(present(data.learned).length), "edges of the model") : null,
    data.discovered ? tile(String(present(data.discovered).length), "edges found by search") : null);
}

function contents(): void {
  const nav = document.getElementById("contents")!;
  for (const part of document.querySelectorAll<HTMLElement>("main > section")) {
    nav.append(h("a", { href: `#${part.id}` }, part.dataset.short ?? part.id));
  }
}

function show(data: PageData): void {
  const { run } = data;
  const colours = new Colours(run.study.modalities.map((modality) => modality.name));
  const name = run.study.name || "Unnamed study";
  document.title = `${name} \u2013 Polycause report`;
  document.getElementById("title")!.textContent = name;
  document.getElementById("byline")!.textContent = [`Polycause ${run.version}`, run.method.name && `method ${run.method.name}${run.method.divergence && ` (divergence: ${run.method.divergence})`}`,
    run.seed !== null && `seed ${run.seed}`].filter(Boolean).join(" \u00B7 ");
  document.getElementById("footer")!.textContent =
    `Polycause ${run.version}. Aggregates only: no participant's id or value is in this file.`;

  section("summary", [h("p", { class: "lead" }, summary(data)), figures(data)]);
  section("warnings", run.warnings.length === 0 ? null : [h("ul", { class: "warnings" }, ...run.warnings.map((warning) =>
    h("li", { class: warning.code === "study" ? "mild" : undefined }, h("span", { class: "code" }, warning.code.replace(/_/g, " ")), " ", warning.text)))]);
  section("graph", graphView(data, colours));
  section("features", data.features === null ? null : featuresView(data.features));
  section("latents", latentsView(data, colours));
  section("edges", edgesView(data));
  section("scores", data.scores === null ? null : scoresView(data.scores));
  section("participants", studyView(data));
  section("fit", fitView(data));
  section("settings", data.settings === null ? null : [h("details", {}, h("summary", {}, "All settings of this run (config.toml)"),
    h("pre", {}, data.settings))]);
  contents();
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) if (!details.closest("#guide")) details.open = true;
  });
}

const app = document.getElementById("app")!;
app.hidden = false;
try {
  show(complete(JSON.parse(document.getElementById("data")!.textContent ?? "{}")));
  document.documentElement.dataset.ready = "true";
} catch (error) {
  app.prepend(h("p", { class: "failure" }, "This report could not be shown. The run folder holds the same results as tables."));
  throw error;
}
