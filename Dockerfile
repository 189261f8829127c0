# docker build -t overread .
# Where the package index offers torch with CUDA only, name one with CPU builds: --build-arg PIP_EXTRA_INDEX_URL=…
FROM python:3.11-slim AS build
ARG PIP_EXTRA_INDEX_URL=""
WORKDIR /src
RUN python -m venv /opt/overread
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY monitor monitor
COPY dashboard dashboard
COPY models models
COPY alerts alerts
RUN /opt/overread/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.11-slim
RUN useradd --uid 10001 --user-group --no-create-home overread && install -d -o overread -g overread /data
COPY --from=build /opt/overread /opt/overread
ENV PATH=/opt/overread/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    DO_NOT_TRACK=1 \
    STREAMLIT_BROWSER_GATHER_USAGE_STATS=false \
    OVERREAD_DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
# Listeners bind loopback until told otherwise (OVERREAD_DICOM__HOST and its kin), in here as everywhere.
EXPOSE 11112 2575 8080 9464 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=2m \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["overread"]
CMD ["serve"]
