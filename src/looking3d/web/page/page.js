// The page: three sections, all of them by the API that scripts use.

import { ask, picture } from "./api.js";
import { show } from "./viewer.js";

const $ = (id) => document.getElementById(id);
const PAGE = 24;
const BADGES = { normal: "as the model", anomalous: "differs", unsure: "could not align" };

let references = [];
let historyOffset = 0;

/** An element; children may be texts, which are never taken for markup. */
function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function tell(text, isError = false) {
  $("message").hidden = !text;
  $("message").textContent = text;
  $("message").classList.toggle("error", isError);
}

/** Does what a click asks for, and tells what went wrong. */
async function attempt(work) {
  tell("");
  try {
    return await work();
  } catch (error) {
    tell(error.message, true);
    return null;
  }
}

function image(path, alt, className = "") {
  const element = el("img", { alt, className });
  picture(path)
    .then((url) => (element.src = url))
    .catch(() => (element.alt = `${alt} (cannot be loaded)`));
  return element;
}

const when = (time) => new Date(time).toLocaleString([], { dateStyle: "short", timeStyle: "short" });

const percent = (share) =>
  share > 0 && share < 0.01 ? "< 1 %" : share < 1 && share > 0.99 ? "> 99 %" : `${Math.round(share * 100)} %`;

// --- one inspection ---------------------------------------------------------------------------------------

function figure(caption, inspection, ...layers) {
  const frame = el("div", { className: "picture" }, ...layers);
  frame.style.setProperty("--aspect", `${inspection.width} / ${inspection.height}`);
  return el("figure", {}, frame, el("figcaption", {}, caption));
}

function boxOf(box, { width, height }) {
  const frame = el("div", { className: "box" });
  const shares = { left: box[0] / width, top: box[1] / height, width: box[2] / width, height: box[3] / height };
  for (const [name, share] of Object.entries(shares)) frame.style[name] = `${100 * share}%`;
  return frame;
}

function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el(
    "dl",
    { className: "facts" },
    ...known.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, String(value)))),
  );
}

function chance({ probability, threshold, verdict }) {
  const fill = el("div", { className: "fill" });
  const line = el("div", { className: "line", title: `anomalous from ${percent(Math.min(threshold, 1))}` });
  fill.style.width = `${100 * probability}%`;
  line.style.left = `${100 * Math.min(threshold, 1)}%`;
  const bar = el("div", { className: "chance" }, fill, line);
  bar.style.color = `var(--${verdict})`;
  return bar;
}

function marks(inspection, onMark) {
  const choices = inspection.verdict === "unsure" ? ["normal", "anomalous"] : ["right", "wrong"];
  if (inspection.mark && !choices.includes(inspection.mark)) choices.push(inspection.mark);
  const buttons = choices.map((mark) =>
    el(
      "button",
      {
        type: "button",
        "data-mark": mark,
        "aria-pressed": String(inspection.mark === mark),
        onclick: () =>
          attempt(async () => {
            const value = inspection.mark === mark ? null : mark;
            onMark(await ask(`${inspection.links.self}/mark`, { method: "PUT", body: { mark: value } }));
          }),
      },
      mark,
    ),
  );
  const question = inspection.verdict === "unsure" ? "It is" : "This verdict is";
  return el("span", { className: "marks" }, question, ...buttons);
}

function card(inspection) {
  const { links, verdict } = inspection;
  const isAligned = verdict !== "unsure";
  const article = el("article", { "data-id": inspection.id, "data-verdict": verdict });
  const replaced = (changed) => article.replaceWith(card(changed));
  article.append(
    el(
      "div",
      { className: "top" },
      el("span", { className: `badge ${verdict}` }, BADGES[verdict]),
      el("h2", {}, inspection.name),
      isAligned ? chance(inspection) : null,
      isAligned ? el("span", { className: "soft" }, `${percent(inspection.probability)} anomalous`) : null,
      marks(inspection, replaced),
    ),
    el("p", { className: "summary" }, inspection.summary),
    el(
      "div",
      { className: "pictures" },
      figure("Photo", inspection, image(links.photo, "The photo")),
      figure(
        "What differs",
        inspection,
        image(links.photo, "The photo, pale", "pale"),
        image(links.heat, "What differs, in red", "heat"),
        ...(verdict === "anomalous" ? inspection.boxes.map((box) => boxOf(box, inspection)) : []),
      ),
      figure("The 3D model as this photo sees it", inspection, image(links.drawing, "The aligned 3D model")),
      figure("Closest view of the reference", inspection, image(links.view, "The closest view")),
    ),
    facts([
      ["reference", inspection.reference],
      ["part", verdict === "anomalous" ? inspection.what ?? inspection.part?.name : null],
      ["where", verdict === "anomalous" ? inspection.where : null],
      ["box", verdict === "anomalous" && inspection.box ? `${inspection.box.join(", ")} px` : null],
      ["seen from", isAligned ? inspection.seen_from : null],
      ["outlines overlap", percent(inspection.alignment)],
      ["as odd", inspection.p_value === null ? null : `${percent(inspection.p_value)} of good photos`],
      ["threshold", `${percent(Math.min(inspection.threshold, 1))} (${inspection.threshold_from})`],
      ["object found by", inspection.foreground?.method],
      ["trust", inspection.trust],
      ["inspected", when(inspection.created)],
    ]),
  );
  if (inspection.warnings.length) {
    article.append(el("ul", { className: "doubts" }, ...inspection.warnings.map(({ message }) => el("li", {}, message))));
  }
  return article;
}

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
    article.replaceWith(...answer.inspections.map(card), ...failed);
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

const counted = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;

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
  historyOffset += inspections.length;
  const tiles = inspections.map(tile);
  if (isMore) $("history-list").append(...tiles);
  else $("history-list").replaceChildren(...tiles);
  if (!isMore) $("history-one").replaceChildren();
  $("history-count").textContent = counted(total, "inspection");
  $("history-more").hidden = historyOffset >= total;
}

function tile(inspection) {
  const frame = el("div", { className: "picture" }, image(inspection.links.overlay, ""));
  const mark = inspection.mark ? el("span", { className: "soft" }, `marked ${inspection.mark}`) : null;
  const button = el(
    "button",
    {
      type: "button",
      "data-id": inspection.id,
      onclick: () =>
        attempt(async () => {
          $("history-one").replaceChildren(card(await ask(inspection.links.self)));
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
  return el("li", {}, button);
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
