"""The entry point for a WSGI server: `gunicorn wsgi:app` or `waitress-serve wsgi:app`."""

from clinic.app import create_app

app = create_app()
