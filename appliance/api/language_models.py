"""The language model for administrators: which one answers, and changing it."""

from __future__ import annotations

from appliance.api.routing import Call, Route
from appliance.api.schemas.language_models import LanguageModelsOut, LlmOut, ModelChoice
from appliance.services.authorization import Access


async def find(call: Call) -> LanguageModelsOut:
    models = call.services.language_models
    candidates = await models.candidates()
    return LanguageModelsOut.of(models.status, candidates)


async def choose(call: Call) -> LlmOut:
    body, models = call.body(ModelChoice), call.services.language_models
    await models.choose(body.file, sha256=body.sha256, actor=call.caller, origin=call.origin)
    return LlmOut.of(models.status)


async def reset(call: Call) -> LlmOut:
    models = call.services.language_models
    await models.reset(actor=call.caller, origin=call.origin)
    return LlmOut.of(models.status)


_LLM = "/api/admin/models/llm"
_TAG = "Models"

ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/api/admin/models", find, Access.VIEWER, _TAG,
        "The language model that answers, and the files to choose from.",
        response=LanguageModelsOut,
    ),
    Route(
        "PUT", _LLM, choose, Access.ADMIN, _TAG,
        "Change the language model; the old one answers until the new one is there.",
        response=LlmOut, status=202, body=ModelChoice, more_methods=("PATCH",),
        errors=("NOT_FOUND",),
        description="The file is checked and loaded in the background; `GET /api/admin/models` "
        "tells how far that is. Where memory does not hold both models, running answers end first "
        "and new ones wait. When the new one cannot be loaded the old one goes on. One change at a "
        "time: another gets 409.",
    ),
    Route(
        "DELETE", _LLM, reset, Access.ADMIN, _TAG,
        "Forget the choice: back to the model of the settings, or to none.",
        response=LlmOut, status=202,
    ),
)  # fmt: skip
