// Names the current destination for those who hear the page; Streamlit marks it by colour alone.
export default function ({ data }) {
  for (const link of document.querySelectorAll(".st-key-pages a, .st-key-mark a")) {
    const path = link.getAttribute("href").replace(/^.*\//, ""); // the first page has none
    if (path === data.path && !link.closest(".st-key-mark")) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}
