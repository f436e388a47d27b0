"""One component of ours in an empty page, without Streamlit: what it sends is kept to look at."""

from digits.ui.component import bundle, style

MOUNT = """async ({ html, css, js, data }) => {
    document.body.innerHTML = '<div id="host" style="color-scheme: light"></div>';
    const parentElement = document.getElementById("host").attachShadow({ mode: "open" });
    parentElement.innerHTML = `<style>${css}</style>${html}`;
    const address = URL.createObjectURL(new Blob([js], { type: "text/javascript" }));
    const { default: run } = await import(address);
    window.states = {};
    window.triggers = [];
    window.update = (data) => run({
        parentElement, data,
        setStateValue: (name, value) => { window.states[name] = value; },
        setTriggerValue: (name, value) => { window.triggers.push([name, value]); },
    });
    window.update(data);
}"""


def mount(page, name, html, data, *, modules=(), styles=()):
    """Show a component with its data; Playwright sees into its shadow root."""
    page.goto("about:blank")
    parts = {"html": html, "css": style(name, styles), "js": bundle(name, modules), "data": data}
    page.evaluate(MOUNT, parts)


def update(page, data):
    """Give the component other data, as another run of the script does."""
    page.evaluate("(data) => { window.update(data); }", data)


def states(page):
    """Return what the component last sent, by name."""
    return page.evaluate("window.states")


def triggers(page):
    """Return the (name, value) of each event that it sent, in order."""
    return [tuple(each) for each in page.evaluate("window.triggers")]
