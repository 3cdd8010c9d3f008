"""Addresses of the sockets."""

from django.urls import path

from tenants.live.consumers import LiveConsumer, LogConsumer

websocket_urlpatterns = [
    path("ws/live/", LiveConsumer.as_asgi()),
    path("ws/logs/", LogConsumer.as_asgi()),
]
