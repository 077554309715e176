"""The pages of caseplan, one module a concept. They draw; what they post to is in `api`."""

from fastapi import APIRouter

from services.caseplan.pages import editing, routes

router = APIRouter()
for part in (routes.router, editing.router):
    router.include_router(part)
