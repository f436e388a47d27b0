"""The notice on what is stored of a picture."""


def where_pictures_go(kept: bool, ask: bool) -> str:
    """Return the notice: personal pages store corrections, shared ones what is saved."""
    if not kept:
        return "Pictures stay on this computer; nothing is stored."
    stored = "save" if ask else "correct"
    return f"Pictures stay on this computer; only what you {stored} is stored."
