"""Counters for monitoring, named `voiceassist_*`.

Labels are routes, codes and outcomes, never text or ids.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from appliance import __version__

_FIRST_TOKEN_BUCKETS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    def __init__(self, *, is_open: bool = False) -> None:
        """`is_open`: anyone who reaches the appliance may read them."""
        self.is_open = is_open
        self._registry = CollectorRegistry()
        Gauge(
            "voiceassist_build_info",
            "Version of the appliance.",
            ["version"],
            registry=self._registry,
        ).labels(__version__).set(1)
        self._requests = Counter(
            "voiceassist_http_requests",
            "HTTP requests answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "voiceassist_http_request_seconds",
            "Time to answer an HTTP request.",
            ["route"],
            registry=self._registry,
        )
        self._sockets = Gauge(
            "voiceassist_websocket_connections", "Open WebSockets.", registry=self._registry
        )
        self._answers = Counter(
            "voiceassist_answers",
            "Answers ended, by outcome (complete, refused, interrupted, failed).",
            ["outcome"],
            registry=self._registry,
        )
        self._first_token = Histogram(
            "voiceassist_answer_first_token_seconds",
            "Time from the question to the first words of its answer.",
            buckets=_FIRST_TOKEN_BUCKETS,
            registry=self._registry,
        )

        self._withheld = Counter(
            "voiceassist_answer_sentences_withheld",
            "Written sentences that the passages they cite did not bear out.",
            registry=self._registry,
        )
        self._remote_connections = Counter(
            "voiceassist_llm_remote_connections",
            "Connections begun to the language model's server; the appliance begins no others.",
            registry=self._registry,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def socket_opened(self) -> None:
        self._sockets.inc()

    def socket_closed(self) -> None:
        self._sockets.dec()

    def answer_ended(self, outcome: str, first_token_s: float | None, withheld: int) -> None:
        self._answers.labels(outcome).inc()
        self._withheld.inc(withheld)
        if first_token_s is not None:
            self._first_token.observe(first_token_s)

    def remote_connection(self) -> None:
        self._remote_connections.inc()

    def text(self) -> bytes:
        """The Prometheus exposition format."""
        return generate_latest(self._registry)
