# One image for web, worker and observer; which one it is says its command. Non-root; its root file system may be read-only.
ARG BASE=python:3.11-slim
FROM ${BASE} AS build
RUN python3 -m venv /opt/berth
WORKDIR /srv/berth
COPY requirements.txt .
RUN /opt/berth/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check --no-compile -r requirements.txt \
    && /opt/berth/bin/python -m pip uninstall --quiet --yes pip setuptools
COPY manage.py ./
COPY portal portal
COPY tenants tenants
COPY cluster cluster
COPY templates templates
COPY static static
RUN DJANGO_SETTINGS_MODULE=portal.settings.build /opt/berth/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /opt/berth/bin/python -m compileall -q portal tenants cluster

FROM ${BASE}
ENV PATH=/opt/berth/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=portal.settings.production
COPY --from=build /opt/berth /opt/berth
COPY --from=build /srv/berth /srv/berth
WORKDIR /srv/berth
USER 65532:65532
EXPOSE 8000
CMD ["uvicorn", "portal.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--timeout-graceful-shutdown", "20", \
     "--ws-per-message-deflate", "false", "--no-proxy-headers", "--no-server-header", "--no-access-log"]
