/* The chosen theme before anything is drawn. A file of its own, since the page's policy forbids scripts in its text. */
try {
  const theme = localStorage.getItem('belay.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Without storage the system's theme holds.
}
