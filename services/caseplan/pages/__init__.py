"""The pages of caseplan, one module a concept. They draw; what they post to is in `api`."""

from fastapi import APIRouter

from services.caseplan.pages import editing, news, routes

router = APIRouter()
for part in (routes.router, editing.router, news.router):
    router.include_router(part)
