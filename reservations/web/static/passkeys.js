// Passkeys: between a form and the browser's own keys. Where there are none, nothing is shown.

const octets = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => list.map((each) => ({ ...each, id: octets(each.id) }));

async function created(options) {
  const user = { ...options.user, id: octets(options.user.id) };
  const publicKey = { ...options, user, challenge: octets(options.challenge) };
  publicKey.excludeCredentials = named(options.excludeCredentials);
  const { id, rawId, type, response } = await navigator.credentials.create({ publicKey });
  const { clientDataJSON, attestationObject } = response;
  const said = { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) };
  return { id, rawId: text(rawId), type, response: said };
}

async function got(options) {
  const publicKey = { ...options, challenge: octets(options.challenge) };
  const { id, rawId, type, response } = await navigator.credentials.get({ publicKey });
  const said = {
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle && text(response.userHandle),
  };
  return { id, rawId: text(rawId), type, response: said };
}

async function asked(form) {
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  const answer = await fetch(form.dataset.ask, { method: "POST", body });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

if (window.isSecureContext && window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const failed = form.querySelector("[data-failed]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      failed.hidden = true;
      form.setAttribute("aria-busy", "true");
      try {
        const answer = form.dataset.passkey === "create"
          ? await created(JSON.parse(form.dataset.options))
          : await got(await asked(form));
        form.elements.answer.value = JSON.stringify(answer);
        form.submit();
      } catch {
        failed.hidden = false;
      } finally {
        form.removeAttribute("aria-busy");
      }
    });
    form.hidden = false;
  }
  for (const each of document.querySelectorAll("[data-without]")) each.hidden = true;
}
