// Marks the current page for screen readers; Streamlit marks it by colour only.
export default function ({ data }) {
  for (const link of document.querySelectorAll(".st-key-pages a, .st-key-mark a")) {
    const path = link.getAttribute("href").replace(/^.*\//, ""); // the first page has none
    if (path === data.path && !link.closest(".st-key-mark")) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}
