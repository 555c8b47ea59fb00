"""In the demo only: the messages that would have been sent, for the visitor to read."""

from typing import Any

from litestar import Request, Response, get

from programmes.core.errors import NotFound
from programmes.notices import demo_queries
from programmes.notices.post_services import FolderPost, post_from
from programmes.web.rendering import page

_MOST = 50


@get("/demo/mejl")
async def demo_mail(request: Request[Any, Any, Any]) -> Response[Any]:
    """The newest messages. There is no such page outside the demo, or where mail goes to a server."""
    settings = request.app.state.settings
    post = post_from(settings.mail_url) if settings.demo else None
    if not isinstance(post, FolderPost):
        raise NotFound
    mails = await demo_queries.newest(post.folder, _MOST + 1, settings.base_url)
    older = _MOST if len(mails) > _MOST else 0
    return page(request, "notices/demo.html", {"mails": mails[:_MOST], "most": older})


HANDLERS = [demo_mail]
