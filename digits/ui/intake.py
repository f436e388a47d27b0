"""The upload area: choose, drop, paste or photograph pictures."""

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from digits.io.image import EXTENSIONS, MAX_BYTES
from digits.ui.component import component

SHOWN = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")  # as in intake.js
_HTML = """
<div class="intake"><div class="drop">
<svg viewBox="0 0 72 72" fill="none" stroke="currentColor" stroke-width="3"
stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
<path d="M6 20v-8a6 6 0 0 1 6-6h8m32 0h8a6 6 0 0 1 6 6v8m0 32v8a6 6 0 0 1-6 6h-8m-32
0h-8a6 6 0 0 1-6-6v-8"/><path stroke-width="4.5" d="M24 24c8-2 16-2.5
24-1.5-7.5 7.5-13 17-15 29M28 38c5-1 9.5-1.2 14.5-.8"/></svg>
<p class="lead"></p>
<div class="ways"><button type="button" data-way="camera">Take photo</button>
<button type="button" data-way="choose">Choose file</button>
<button type="button" data-way="paste">Paste</button></div></div>
<p class="fault" role="alert"></p>
<div class="coming progress" role="status" hidden><img alt="" hidden><span></span></div>
<input class="choice" type="file" multiple hidden>
<input class="shutter" type="file" capture="environment" hidden>
<dialog aria-label="Camera"><video autoplay playsinline muted></video>
<div class="ways"><button type="button" data-camera="take" disabled>Take photo</button>
<button type="button" data-camera="cancel">Cancel</button></div></dialog></div>
"""


def uploaded_pictures(
    lead: str, *, key: str, extensions: Sequence[str] = EXTENSIONS
) -> Sequence[UploadedFile]:
    """Return the pictures uploaded in this run; `show_intake` shows the upload area.

    Parameters
    ----------
    lead : what to do here, in a few words
    key : tells the places of several pages apart
    extensions : of the files that are taken
    """
    with st.container(key=_uploader(key)):
        files = st.file_uploader(
            lead, list(extensions), accept_multiple_files=True, key=f"{key} {_round(key)}"
        )
    if files:
        st.session_state[_rounds(key)] = _round(key) + 1  # the next run shows an empty uploader
    return files


def contents_of(files: Sequence[UploadedFile]) -> list[tuple[str, bytes]]:
    """Return name and content of uploaded files; Streamlit forgets them.

    Streamlit would keep them in memory as long as the page is open.
    """
    taken = [(file.name, file.getvalue()) for file in files]
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    return taken


def show_intake(
    lead: str, *, key: str, small: bool = False, extensions: Sequence[str] = EXTENSIONS
) -> None:
    """Show the upload area.

    A picture that was chosen is shown there until the place is shown anew: after a run in which
    pictures came in, call this when there is something to take its place.

    Parameters
    ----------
    lead, key, extensions : as `uploaded_pictures`
    small : only the buttons, beside pictures that are there already
    """
    component("intake", _HTML, styles=("progress",))(
        key=key,
        data={
            "uploader": f".st-key-{_uploader(key)}",  # perhaps one that the next run shows
            "extensions": list(extensions),
            "maxBytes": MAX_BYTES,
            "lead": lead,
            "small": small,
            "round": _round(key),
        },
    )


def is_shown_by_browser(name: str) -> bool:
    """Return whether a browser shows a picture of this name while it is uploaded."""
    return name.lower().endswith(SHOWN)


def _uploader(key: str) -> str:
    """Return the key, and so the CSS class, of the uploader of this round."""
    return f"uploader-{key}-{_round(key)}"


def _rounds(key: str) -> str:
    return f"rounds of {key}"


def _round(key: str) -> int:
    """Return the number of uploads."""
    return int(st.session_state.setdefault(_rounds(key), 0))
