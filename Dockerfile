# The app and its API as one image, in shared mode. TensorFlow stays out: nothing is trained here.
# It runs as a user without rights, on a root file system that may be read-only: what it writes
# goes to /tmp and, without DATABASE_URL, to /data.

FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /venv
COPY deploy/requirements.txt deploy/requirements.txt
RUN /venv/bin/pip install --no-cache-dir -r deploy/requirements.txt
COPY pyproject.toml README.md LICENSE THIRD_PARTY.md ./
COPY digits digits
RUN /venv/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
RUN useradd --uid 1000 --create-home digits && mkdir /data && chown digits /data
COPY --from=build /venv /venv
WORKDIR /app
COPY app.py deploy/start.sh deploy/healthy.py ./
COPY .streamlit .streamlit
ENV PATH=/venv/bin:$PATH DIGITS_HOME=/data PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 1000
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "healthy.py"]
CMD ["sh", "start.sh"]
