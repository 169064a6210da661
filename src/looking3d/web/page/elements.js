// What the page is made of: elements, pictures, and the sentences that it says.

import { picture } from "./api.js";

export const $ = (id) => document.getElementById(id);

/** An element; children may be texts, which are never taken for markup. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function tell(text, isError = false) {
  $("message").hidden = !text;
  $("message").textContent = text;
  $("message").classList.toggle("error", isError);
}

/** Does what a click asks for, and tells what went wrong. */
export async function attempt(work) {
  tell("");
  try {
    return await work();
  } catch (error) {
    tell(error.message, true);
    return null;
  }
}

export function image(path, alt, className = "") {
  const element = el("img", { alt, className });
  picture(path)
    .then((url) => (element.src = url))
    .catch(() => (element.alt = `${alt} (cannot be loaded)`));
  return element;
}

export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el(
    "dl",
    { className: "facts" },
    ...known.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, String(value)))),
  );
}

export const when = (time) => new Date(time).toLocaleString([], { dateStyle: "short", timeStyle: "short" });

export const percent = (share) =>
  share > 0 && share < 0.01 ? "< 1 %" : share < 1 && share > 0.99 ? "> 99 %" : `${Math.round(share * 100)} %`;

export const counted = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
