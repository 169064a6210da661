// The service's API: requests with the key, errors as sentences, pictures as object URLs.

const KEY = "looking3d-key";

/** Asks the service; the answer of JSON, or a Blob if `as` says so. Throws an Error that says why not. */
export async function ask(path, { method = "GET", body, as = "json" } = {}) {
  for (;;) {
    const key = sessionStorage.getItem(KEY);
    const headers = key ? { "X-API-Key": key } : {};
    if (body !== undefined && !(body instanceof FormData)) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(path.replace(/^\//, ""), {
        method,
        headers,
        body: body === undefined || body instanceof FormData ? body : JSON.stringify(body),
      });
    } catch {
      throw new Error("the service does not answer; is it still running?");
    }
    if (answer.status === 401) {
      await askForKey(key);
      continue;
    }
    if (answer.status === 429) {
      // The queue is full: wait as told, and try again.
      await new Promise((go) => setTimeout(go, 1000 * Number(answer.headers.get("Retry-After") || 2)));
      continue;
    }
    if (!answer.ok) throw new Error(await reason(answer));
    if (answer.status === 204) return null;
    return as === "blob" ? answer.blob() : answer.json();
  }
}

async function reason(answer) {
  try {
    return (await answer.json()).detail;
  } catch {
    return `the service answered ${answer.status}`;
  }
}

let asking = null;

/** Asks a person for the key, once for all requests that wait for it. */
function askForKey(tried) {
  // Another request may have been given the right one meanwhile.
  if (sessionStorage.getItem(KEY) !== tried) return Promise.resolve();
  asking ??= new Promise((go) => {
    const dialog = document.getElementById("key-dialog");
    dialog.addEventListener(
      "close",
      () => {
        const field = document.getElementById("key");
        sessionStorage.setItem(KEY, field.value.trim());
        field.value = "";
        asking = null;
        go();
      },
      { once: true },
    );
    dialog.showModal();
  });
  return asking;
}

const pictures = new Map();
const MOST_PICTURES = 400;

/** An object URL of a picture, which needs the key and so cannot be the src of an image itself. */
export function picture(path) {
  if (!pictures.has(path)) {
    if (pictures.size >= MOST_PICTURES) forgetOldest();
    const loading = ask(path, { as: "blob" }).then((blob) => URL.createObjectURL(blob));
    loading.catch(() => pictures.delete(path));
    pictures.set(path, loading);
  }
  return pictures.get(path);
}

function forgetOldest() {
  const [path, loading] = pictures.entries().next().value;
  pictures.delete(path);
  loading.then((url) => URL.revokeObjectURL(url)).catch(() => {});
}
