// A pair: keys, the clock, and one answer only. Without this file the buttons still answer, unmeasured.

const READY_MS = 300; // an answer sooner after the pictures came was meant for the pair before
const DRAG_PX = 14; // of a finger, for a step to the next view
const KEYS = { f: "normal", j: "anomalous" };

const form = document.querySelector("#answer");
const answers = [...form.querySelectorAll("button")];
const large = document.querySelector("#view");
const small = [...document.querySelectorAll("#views button")];
let shown = null; // when the pictures were there
let sent = false;
let current = 0;

function turn(to) {
  if (!small.length) return;
  current = (to + small.length) % small.length;
  large.src = small[current].querySelector("img").src;
  for (const button of small) button.removeAttribute("aria-current");
  small[current].setAttribute("aria-current", "true");
}

function onKey(event) {
  // A key that is held down, or is part of a shortcut, is no answer.
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const value = KEYS[event.key.toLowerCase()];
  if (value) answers.find((button) => button.value === value).click();
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    turn(current + (event.key === "ArrowRight" ? 1 : -1));
    event.preventDefault();
  }
}

form.addEventListener("submit", (event) => {
  if (sent || shown === null) {
    event.preventDefault();
    return;
  }
  sent = true;
  form.elements.milliseconds.value = Math.round(performance.now() - shown);
  // Not disabled, for then its value would not be sent.
  event.submitter?.classList.add("pressed");
  document.body.classList.add("sent");
});

small.forEach((button, i) => button.addEventListener("click", () => turn(i)));
document.querySelector("#left")?.addEventListener("click", () => turn(current - 1));
document.querySelector("#right")?.addEventListener("click", () => turn(current + 1));

let grabbed = null;
large.addEventListener("pointerdown", (event) => {
  grabbed = event.clientX;
  large.setPointerCapture(event.pointerId);
});
large.addEventListener("pointermove", (event) => {
  if (grabbed === null || Math.abs(event.clientX - grabbed) < DRAG_PX) return;
  turn(current + Math.sign(event.clientX - grabbed));
  grabbed = event.clientX;
});
for (const end of ["pointerup", "pointercancel"]) large.addEventListener(end, () => (grabbed = null));

// Whoever goes back sees what is next, not what was.
addEventListener("pageshow", (event) => event.persisted && location.reload());

answers.forEach((button) => (button.disabled = true));
document.addEventListener("keydown", onKey);
try {
  await Promise.all([...document.querySelectorAll("main img")].map((image) => image.decode()));
  await new Promise(requestAnimationFrame);
  shown = performance.now();
  setTimeout(() => {
    answers.forEach((button) => (button.disabled = false));
    document.body.dataset.ready = "";
  }, READY_MS);
} catch {
  document.querySelector("#failed").hidden = false;
}
