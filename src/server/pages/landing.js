/** Puts a button behind each shell line. Without this script the lines can be copied by hand. */
for (const line of document.querySelectorAll('pre')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'secondary copy';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', `Copy: ${line.previousElementSibling?.textContent ?? 'the line'}`);
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(line.textContent);
      button.textContent = 'Copied';
    } catch {
      // Without permission or TLS the browser cannot copy, so the line is selected instead.
      getSelection()?.selectAllChildren(line);
      button.textContent = 'Selected';
    }
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 2000);
  });
  line.after(button);
}
