// The page: three sections, all of them by the API that scripts use.

import { ask, picture } from "./api.js";
import { BADGES, card } from "./card.js";
import { $, attempt, counted, el, facts, image, percent, tell, when } from "./elements.js";
import { show } from "./viewer.js";

const PAGE = 24;

let references = [];
let historyOffset = 0;
let historyTotal = 0;

// --- inspecting -------------------------------------------------------------------------------------------

async function inspect(files) {
  const reference = $("inspect-reference").value;
  if (!reference) return tell("Enrol a reference first.", true);
  tell("");
  $("inspect-hint").hidden = true;
  $("item").replaceChildren();
  const groups = $("together").checked ? [[...files]] : [...files].map((file) => [file]);
  const waiting = groups.map((group) => {
    const article = el(
      "article",
      { className: "waiting" },
      el("span", { className: "spinner" }),
      `inspecting ${group.map(({ name }) => name).join(", ")} ...`,
    );
    return [group, article];
  });
  $("results").prepend(...waiting.map(([, article]) => article));
  await Promise.all(waiting.map(([group, article]) => inspectGroup(reference, group, article)));
  return null;
}

async function inspectGroup(reference, group, article) {
  const form = new FormData();
  for (const file of group) form.append("photos", file, file.name);
  form.append("foreground", $("foreground").value);
  if ($("threshold").value) form.append("threshold", String(Number($("threshold").value) / 100));
  if ($("together").checked) form.append("together", "true");
  try {
    const answer = await ask(`/v1/references/${reference}/inspections`, { method: "POST", body: form });
    const failed = answer.failures.map(({ detail }) => el("article", { className: "failure" }, detail));
    article.replaceWith(...answer.inspections.map(cardOf), ...failed);
    if (answer.item) {
      const { verdict, probability, summary } = answer.item;
      const share = probability === null ? "" : ` ${percent(probability)} anomalous.`;
      const badge = el("span", { className: `badge ${verdict}` }, BADGES[verdict]);
      $("item").replaceChildren(el("p", { className: "panel" }, "The item ", badge, `${share} ${summary}`));
    }
  } catch (error) {
    article.replaceWith(el("article", { className: "failure" }, error.message));
  }
}

async function showChosenReference() {
  const chosen = references.find(({ id }) => id === $("inspect-reference").value);
  $("inspect-thumbnail").hidden = !chosen;
  if (chosen) $("inspect-thumbnail").src = await picture(`${chosen.links.thumbnail}?${chosen.content_sha256}`);
}

// --- references -------------------------------------------------------------------------------------------

async function loadReferences() {
  ({ references } = await ask("/v1/references"));
  for (const [id, first] of [["inspect-reference", []], ["history-reference", [el("option", { value: "" }, "all")]]]) {
    const before = $(id).value;
    const options = references.map((reference) => el("option", { value: reference.id }, reference.id));
    $(id).replaceChildren(...first, ...options);
    if (references.some((reference) => reference.id === before)) $(id).value = before;
  }
  $("reference-list").replaceChildren(
    ...references.map((reference) =>
      el(
        "li",
        {},
        el(
          "button",
          { type: "button", "data-id": reference.id, onclick: () => attempt(() => showReference(reference)) },
          image(`${reference.links.thumbnail}?${reference.content_sha256}`, "", "thumbnail"),
          el("span", {}, el("strong", {}, reference.id), el("br"), el("span", { className: "soft" }, counted(reference.parts.length, "part"))),
        ),
      ),
    ),
  );
  await showChosenReference();
}

async function showReference(reference) {
  for (const button of $("reference-list").querySelectorAll("button")) {
    button.setAttribute("aria-current", String(button.dataset.id === reference.id));
  }
  const { links, content_sha256: content } = reference;
  const viewer = el("div", { className: "viewer", role: "img", "aria-label": "The 3D model; drag to turn it" });
  const faces = reference.parts.reduce((sum, part) => sum + part.faces, 0);
  const settled = ["up", "front", "unit", "scan"].map((what) => [what, `${reference[what].value} (${reference[what].says})`]);
  $("reference").replaceChildren(
    el(
      "div",
      { className: "top" },
      el("h2", {}, reference.id),
      el("span", { className: "soft" }, `${counted(reference.parts.length, "part")}, ${counted(faces, "face")}, ${reference.size_m.map((side) => side.toFixed(2)).join(" x ")} m`),
      el("button", { type: "button", className: "primary", onclick: () => use(reference) }, "Inspect photos of it"),
      el("button", { type: "button", className: "quiet", onclick: () => attempt(() => remove(reference)) }, "Remove"),
    ),
    el(
      "div",
      { className: "model" },
      el("figure", {}, viewer, el("figcaption", {}, "Drag to turn it")),
      el(
        "figure",
        {},
        image(`${links.confirm}?${content}`, "The model from all sides, to confirm up and front by", "confirm"),
        el("figcaption", {}, "If up or front is wrong, enrol it again with what the picture says, and replace it."),
      ),
    ),
    facts(settled),
    await calibrationPanel(reference),
  );
  await show(
    viewer,
    async () => (await ask(links.mesh, { as: "blob" })).arrayBuffer(),
    () => picture(`${links.turntable}?${content}`),
  );
}

async function calibrationPanel(reference) {
  const path = `${reference.links.self}/calibration`;
  const panel = el("div", { id: "calibration" });
  const rate = el("input", { type: "number", min: 1, max: 50, value: 5, "aria-label": "False alarms in percent" });
  const draw = async () => {
    const { calibrated } = await ask(reference.links.self);
    const calibration = calibrated ? await ask(path) : null;
    const says = calibration
      ? `Photos are anomalous from ${percent(Math.min(calibration.threshold, 1))}, by ${counted(calibration.normal.length, "photo")} marked as good` +
        ` and ${calibration.anomalous.length} as anomalous. At most ${percent(calibration.promised_rate)} of good ones will be false alarms` +
        (calibration.is_kept ? "." : ", more than you asked for: mark more good photos.")
      : "Not calibrated: photos are anomalous from 50 %. Mark verdicts as right or wrong, then set the threshold by them.";
    panel.replaceChildren(
      el("h3", {}, "Threshold"),
      el("p", { className: "says" }, says),
      el(
        "div",
        { className: "row" },
        el("label", {}, "False alarms at most ", rate, " %"),
        el(
          "button",
          {
            type: "button",
            "data-action": "calibrate",
            onclick: () =>
              attempt(async () => {
                await ask(path, { method: "POST", body: { false_alarm_rate: Number(rate.value) / 100 } });
                await draw();
              }),
          },
          "Calibrate from marks",
        ),
        el(
          "button",
          {
            type: "button",
            disabled: !calibration,
            onclick: () =>
              attempt(async () => {
                await ask(path, { method: "DELETE" });
                await draw();
              }),
          },
          "Undo",
        ),
      ),
    );
  };
  await draw();
  return panel;
}

function use(reference) {
  $("inspect-reference").value = reference.id;
  showChosenReference();
  open("inspect");
}

async function remove(reference) {
  if (!confirm(`Remove ${reference.id}? Its inspections stay in the history.`)) return;
  await ask(reference.links.self, { method: "DELETE" });
  $("reference").replaceChildren(el("p", { className: "soft" }, "Choose a reference, or enrol one."));
  await loadReferences();
}

async function enrol(event) {
  event.preventDefault();
  const form = new FormData();
  const [file] = $("mesh").files;
  form.append("mesh", file, file.name);
  for (const name of ["id", "up", "front", "unit", "scan"]) {
    const value = $(`enrol-${name}`).value.trim();
    if (value) form.append(name, value);
  }
  form.append("replace", String($("enrol-replace").checked));
  const button = $("enrol").querySelector("button");
  button.disabled = true;
  button.textContent = "Enrolling ...";
  await attempt(async () => {
    const reference = await ask("/v1/references", { method: "POST", body: form });
    await loadReferences();
    $("inspect-reference").value = reference.id;
    await showChosenReference();
    await showReference(reference);
  });
  button.disabled = false;
  button.textContent = "Enrol";
}

// --- history ----------------------------------------------------------------------------------------------

async function loadHistory(isMore = false) {
  historyOffset = isMore ? historyOffset : 0;
  const asked = new URLSearchParams({ limit: PAGE, offset: historyOffset });
  for (const name of ["reference", "verdict", "mark"]) {
    if ($(`history-${name}`).value) asked.set(name, $(`history-${name}`).value);
  }
  const { inspections, total } = await ask(`/v1/inspections?${asked}`);
  historyTotal = total;
  historyOffset += inspections.length;
  const tiles = inspections.map(tile);
  if (isMore) $("history-list").append(...tiles);
  else $("history-list").replaceChildren(...tiles);
  if (!isMore) $("history-one").replaceChildren();
  countHistory();
}

function countHistory() {
  $("history-count").textContent = counted(historyTotal, "inspection");
  $("history-more").hidden = historyOffset >= historyTotal;
}

function tile(inspection) {
  const frame = el("div", { className: "picture" }, image(inspection.links.overlay, ""));
  const mark = inspection.mark ? el("span", { className: "soft" }, `marked ${inspection.mark}`) : null;
  const button = el(
    "button",
    {
      type: "button",
      onclick: () =>
        attempt(async () => {
          $("history-one").replaceChildren(cardOf(await ask(inspection.links.self)));
          for (const other of $("history-list").querySelectorAll("button")) {
            other.setAttribute("aria-current", String(other === button));
          }
          $("history-one").scrollIntoView({ block: "nearest" });
        }),
    },
    frame,
    el("span", { className: "name" }, inspection.name),
    el("span", { className: "badges" }, el("span", { className: `badge ${inspection.verdict}` }, BADGES[inspection.verdict]), mark),
    el("time", {}, `${inspection.reference}, ${when(inspection.created)}`),
  );
  return el("li", { "data-id": inspection.id }, button);
}

const cardOf = (inspection) => card(inspection, takeAway);

/** Takes an inspection that is deleted off every section; the focus goes to what is next to it. */
function takeAway({ id }) {
  const gone = [...document.querySelectorAll(`article[data-id="${id}"], li[data-id="${id}"]`)];
  const next = gone.map((one) => one.nextElementSibling ?? one.previousElementSibling).find((one) => one?.offsetParent);
  if (gone.some((one) => one.matches("li"))) {
    historyOffset -= 1;
    historyTotal -= 1;
    countHistory();
  }
  for (const one of gone) one.remove();
  const focused = next?.querySelector("[data-action=delete]") ?? next?.querySelector("button");
  (focused ?? document.querySelector('[role="tab"][aria-selected="true"]')).focus();
}

// --- the whole --------------------------------------------------------------------------------------------

function open(name) {
  for (const tab of document.querySelectorAll("[data-tab]")) {
    const isOpen = tab.dataset.tab === name;
    tab.setAttribute("aria-selected", String(isOpen));
    $(tab.dataset.tab).hidden = !isOpen;
  }
  if (location.hash !== `#${name}`) history.replaceState(null, "", `#${name}`);
  if (name === "history") attempt(() => loadHistory());
}

function droppable(element, input, onFiles) {
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change"));
  });
  input.addEventListener("change", () => input.files.length && onFiles(input.files));
}

for (const tab of document.querySelectorAll("[data-tab]")) tab.onclick = () => open(tab.dataset.tab);
for (const slider of document.querySelectorAll(".heat-slider")) {
  slider.oninput = () => {
    document.documentElement.style.setProperty("--heat", slider.value / 100);
    for (const other of document.querySelectorAll(".heat-slider")) other.value = slider.value;
  };
}
for (const name of ["reference", "verdict", "mark"]) $(`history-${name}`).onchange = () => attempt(() => loadHistory());
$("history-more").onclick = () => attempt(() => loadHistory(true));
$("inspect-reference").onchange = showChosenReference;
$("enrol").onsubmit = enrol;
droppable($("drop-photos"), $("photos"), (files) => {
  inspect([...files]);
  $("photos").value = "";
});
droppable($("drop-mesh"), $("mesh"), ([file]) => ($("mesh-name").textContent = file.name));

await attempt(loadReferences);
const wanted = location.hash.slice(1);
open(["inspect", "references", "history"].includes(wanted) ? wanted : references.length ? "inspect" : "references");
document.body.dataset.ready = "true";
