// Switches between light and dark through Streamlit's own hidden menu, which keeps the content of
// the page. The choice is stored for every page, because Streamlit stores it per page.
const MAX_FRAMES = 40; // frames in which the hidden menu must open
const key = (path) => `stActiveTheme-${path}-v2`;

const chosen = () => {
  try {
    return JSON.parse(localStorage.getItem(key(location.pathname))) ?? "System";
  } catch {
    return "System";
  }
};

const remember = (theme, paths) => {
  const base = location.pathname.replace(/[^/]*$/, "").replace(/\/$/, "");
  for (const path of paths) localStorage.setItem(key(base + path), JSON.stringify(theme));
};

const frame = () => new Promise((done) => requestAnimationFrame(done));

async function found(selector) {
  for (let waited = 0; waited < MAX_FRAMES; waited += 1) {
    const element = document.querySelector(selector);
    if (element) return element;
    await frame();
  }
  return null;
}

async function apply(theme) {
  const menu = document.querySelector('[data-testid="stMainMenu"] button, button[data-testid="stMainMenuButton"]');
  menu?.click();
  const switcher = menu && (await found('[data-testid="stThemeSwitcher"]'));
  if (!switcher) return location.reload();
  const index = { System: 0, Light: 1, Dark: 2 }[theme];
  switcher.querySelectorAll('[role="menuitemradio"]')[index].click();
}

export default function ({ parentElement, data }) {
  const buttons = [...parentElement.querySelectorAll("[data-theme]")];
  const show = (theme) =>
    buttons.forEach((button) => {
      button.setAttribute("aria-checked", String(button.dataset.theme === theme));
      button.tabIndex = button.dataset.theme === theme ? 0 : -1;
    });
  show(chosen());
  for (const [index, button] of buttons.entries()) {
    button.onclick = async () => {
      show(button.dataset.theme);
      await apply(button.dataset.theme);
      remember(button.dataset.theme, data.paths);
    };
    button.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = buttons[(index + step + buttons.length) % buttons.length];
      next.focus();
      next.click();
    };
  }
}
