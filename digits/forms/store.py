"""The store of forms, in the database of corrections and sheets."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import sqlalchemy as sa

from digits.errors import FormError
from digits.forms.template import Form
from digits.io.database import Database, as_utc
from digits.settings import load_settings

metadata = sa.MetaData()
forms = sa.Table(
    "forms",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
)
GONE = "this form is not there any more: define it again"


@dataclass(frozen=True, slots=True)
class FormSummary:
    """A saved form, as a list shows it."""

    id: str
    name: str
    changed: datetime  # UTC


class FormStore:
    """A store of forms. Threads and processes may share one database.

    Parameters
    ----------
    url : as SQLAlchemy takes it

    Raises
    ------
    FormError
        Of every method too: the database cannot be reached, read or written, or has no such form.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, FormError, "form")

    def add(self, form: Form) -> str:
        """Save a form and return its id."""
        key = secrets.token_hex(16)
        with self._database.transaction(writes=True) as connection:
            connection.execute(sa.insert(forms), [{"id": key, **_columns(form)}])
        return key

    def save(self, key: str, form: Form) -> None:
        """Save a form that was changed."""
        change = sa.update(forms).where(forms.c.id == key).values(**_columns(form))
        with self._database.transaction(writes=True) as connection:
            if not connection.execute(change).rowcount:
                raise FormError(GONE)

    def load(self, key: str) -> Form:
        """Return a saved form."""
        query = sa.select(forms.c.content).where(forms.c.id == key)
        with self._database.transaction() as connection:
            content = connection.execute(query).scalar_one_or_none()
        if content is None:
            raise FormError(GONE)
        return Form.load(bytes(content))

    def list(self, *, limit: int = 50) -> list[FormSummary]:
        """Return the saved forms, the last one that was changed first."""
        columns = sa.select(forms.c.id, forms.c.name, forms.c.changed)
        query = columns.order_by(forms.c.changed.desc(), forms.c.id).limit(limit)
        with self._database.transaction() as connection:
            found = connection.execute(query)
            return [FormSummary(row.id, row.name, as_utc(row.changed)) for row in found]

    def remove(self, key: str) -> None:
        """Delete a form permanently; its readings are kept."""
        with self._database.transaction(writes=True) as connection:
            connection.execute(sa.delete(forms).where(forms.c.id == key))
        self._database.forget()

    def close(self) -> None:
        """Release the connections."""
        self._database.close()


def _columns(form: Form) -> dict[str, object]:
    return {"name": form.name, "content": form.to_bytes(), "changed": datetime.now(UTC)}


def current_forms() -> FormStore:
    """Return the store of forms that the settings name: one for each address."""
    return _open(load_settings().database_url)


@lru_cache(maxsize=4)
def _open(url: str) -> FormStore:
    return FormStore(url)
