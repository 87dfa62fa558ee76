/**
 * Loads Apollo Sandbox from Apollo's servers, or opens GraphiQL where they cannot be reached. The page puts `settings`
 * before this script; Apollo's script brings `EmbeddedSandbox`.
 */
const PATIENCE_SECONDS = 3;
const note = document.getElementById('note');
let left = PATIENCE_SECONDS;
let hasCome = false;

const script = document.createElement('script');
script.src = settings.script;
script.addEventListener('load', () => {
  hasCome = true;
  clearInterval(countdown);
  document.body.classList.add('loaded');
  new window.EmbeddedSandbox({
    target: '#sandbox',
    initialEndpoint: location.href,
    endpointIsEditable: false,
    runTelemetry: false,
    allowDynamicStyles: false,
    hideCookieToggle: false,
    initialState: { ...settings.initialState, includeCookies: false, pollForSchemaUpdates: false },
  });
});

function tick() {
  left -= 1;
  if (left > 0) {
    note.textContent = `Apollo's servers have not answered yet; GraphiQL opens in ${left} s.`;
    return;
  }
  clearInterval(countdown);
  if (!hasCome) location.replace('/graphiql');
}

const countdown = setInterval(tick, 1000);
document.head.append(script);
