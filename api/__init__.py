"""The HTTP API: `app.create_app` builds it, one router serves each resource."""
