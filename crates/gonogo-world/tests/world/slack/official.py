"""Slack's own client against the stand-in, whose address is the argument. What
it finds is printed as JSON, and anything unexpected ends it with an error."""

import json
import sys

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

web = WebClient("xoxb-world", base_url=sys.argv[1])
web.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=2))


def error_of(call, **arguments):
    try:
        call(**arguments)
    except SlackApiError as error:
        return error.response["error"]
    return "none"


found = {"team": web.auth_test()["team"]}
found["channels"] = [channel["name"] for channel in web.conversations_list(types="public_channel")["channels"]]
blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "No-Go"}}]
metadata = {"event_type": "verdict", "event_payload": {"key": "web"}}
posted = web.chat_postMessage(channel="#deploys", text="No-Go", blocks=blocks, metadata=metadata)
found["posted"] = posted["channel"]
found["changed"] = web.chat_update(channel=posted["channel"], ts=posted["ts"], text="Go")["text"]
# Refused for a second; the client waits and asks again.
web.chat_postMessage(channel="#deploys", text="again")
history = web.conversations_history(channel=posted["channel"], include_all_metadata=True)
ours = next(message for message in history["messages"] if message["ts"] == posted["ts"])
found["key"] = ours["metadata"]["event_payload"]["key"]
other = next(channel["id"] for channel in web.conversations_list()["channels"] if channel["name"] == "other")
found["pages"] = sum(1 for _ in web.conversations_history(channel=other, limit=1))
found["unknown_channel"] = error_of(web.chat_postMessage, channel="#none", text="x")
found["unknown_method"] = error_of(web.api_call, api_method="chat.shout")
long = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]
found["wrong_blocks"] = error_of(web.chat_postMessage, channel="#other", text="x", blocks=long)
found["stranger"] = error_of(WebClient("xoxb-stranger", base_url=sys.argv[1]).auth_test)
print(json.dumps(found))
