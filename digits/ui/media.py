"""Pictures that a component shows by an address, so that their bytes are not sent with each run."""

import base64

from streamlit import config, runtime


def picture_address(jpeg: bytes, place: str) -> str:
    """Return an address under which the browser of this session gets a picture.

    Parameters
    ----------
    jpeg : the picture
    place : tells it apart from others of the page; another picture takes the place of the last one
    """
    if not runtime.exists():  # a test of the page without a server
        return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
    manager = runtime.get_instance().media_file_mgr
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    address = manager.add(jpeg, "image/jpeg", f"digits {place}")
    return f"/{base}{address}" if base else address
