// One inspection: its pictures side by side, what was found, and what a person says of it.

import { ask } from "./api.js";
import { attempt, el, facts, image, percent, tell, when } from "./elements.js";

export const BADGES = { normal: "as the model", anomalous: "differs", unsure: "could not align" };

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

/** Deletes an inspection, if a person means it; `onDeleted` is called when it is gone. */
function deleteButton(inspection, onDeleted) {
  const { name, links } = inspection;
  return el(
    "button",
    {
      type: "button",
      className: "quiet",
      "data-action": "delete",
      "aria-label": `Delete the inspection of ${name}`,
      onclick: () =>
        attempt(async () => {
          if (!confirm(`Delete the inspection of ${name}? Its pictures and its mark go with it.`)) return;
          await ask(links.self, { method: "DELETE" });
          onDeleted(inspection);
          tell(`The inspection of ${name} is deleted.`);
        }),
    },
    "Delete",
  );
}

/** All of an inspection; `onDeleted` is called with it when it is deleted. */
export function card(inspection, onDeleted) {
  const { links, verdict } = inspection;
  const isAligned = verdict !== "unsure";
  const article = el("article", { "data-id": inspection.id, "data-verdict": verdict });
  const replaced = (changed) => article.replaceWith(card(changed, onDeleted));
  article.append(
    el(
      "div",
      { className: "top" },
      el("span", { className: `badge ${verdict}` }, BADGES[verdict]),
      el("h2", {}, inspection.name),
      isAligned ? chance(inspection) : null,
      isAligned ? el("span", { className: "soft" }, `${percent(inspection.probability)} anomalous`) : null,
      marks(inspection, replaced),
      deleteButton(inspection, onDeleted),
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
