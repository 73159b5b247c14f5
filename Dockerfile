# The production image: web, worker, beat and migrate all run from it (see docker-compose.yml).

FROM python:3.11-slim AS packages
COPY requirements/production.txt /tmp/production.txt
RUN python -m venv /opt/seminar \
    && /opt/seminar/bin/pip install --no-cache-dir --no-compile --require-hashes -r /tmp/production.txt

FROM python:3.11-slim
ENV PATH=/opt/seminar/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=seminar.settings.production \
    VAR_DIR=/srv/seminar/var \
    STORAGE_URL=file:///srv/files
RUN useradd --system --uid 10001 --home-dir /srv/seminar --no-create-home seminar \
    && install --directory --owner=seminar /srv/files
COPY --from=packages /opt/seminar /opt/seminar
WORKDIR /srv/seminar
COPY . .
# Production settings refuse to load without values; these exist for this one command only.
RUN SECRET_KEY=used-for-this-one-build-step-only-and-never-by-a-running-process \
    ALLOWED_HOSTS=build.invalid SITE_URL=https://build.invalid DATABASE_URL=postgresql://build.invalid/build \
    REDIS_URL=redis://build.invalid EMAIL_URL=smtp://build.invalid \
    python manage.py collectstatic --noinput
USER seminar
VOLUME /srv/files
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "tools/healthcheck.py"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "2", "--respawn-failed-workers", "--workers-kill-timeout", "15", "seminar.wsgi:application"]
