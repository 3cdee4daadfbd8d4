"""An app by Slack's own client, against the stand-in whose address is the first
argument: over HTTP, where it believes what Slack's own verifier believes, or over
Socket Mode. It says where it is heard, and goes on until its input ends."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse

api, mode = sys.argv[1:3]
web = WebClient("xoxb-world", base_url=api)
verifier = SignatureVerifier("signing")


def plain(text):
    return {"type": "plain_text", "text": text}


VIEW = {
    "type": "modal",
    "callback_id": "waive",
    "private_metadata": "7",
    "title": plain("Let it pass"),
    "submit": plain("Waive"),
    "blocks": [
        {"type": "input", "block_id": "why", "label": plain("Why?"),
         "element": {"type": "plain_text_input", "action_id": "text", "max_length": 20}},
    ],
}


def act(payload):
    """What it does about an interaction, and what it answers."""
    if payload["type"] == "block_actions":
        web.views_open(trigger_id=payload["trigger_id"], view=VIEW)
        said = f"{payload['actions'][0]['action_id']} by {payload['user']['username']}"
        web.chat_postEphemeral(channel=payload["channel"]["id"], user=payload["user"]["id"], text=said)
    elif payload["type"] == "view_submission":
        view = payload["view"]
        if view["state"]["values"]["why"]["text"]["value"] == "no":
            return {"response_action": "errors", "errors": {"why": "say more"}}
        web.chat_postMessage(channel="#deploys", text=f"let pass: {view['private_metadata']}")
    elif payload["type"] == "event_callback":
        event = payload["event"]
        unfurls = {link["url"]: {"blocks": [{"type": "section", "text": plain("seen")}]} for link in event["links"]}
        web.chat_unfurl(channel=event["channel"], ts=event["message_ts"], unfurls=unfurls)
    return None


class Heard(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not verifier.is_valid_request(body, dict(self.headers)):
            self.send_error(401)
            return
        if self.path.endswith("/events"):
            payload = json.loads(body)
        else:
            payload = json.loads(parse_qs(body.decode())["payload"][0])
        answer = act(payload)
        said = json.dumps(answer).encode() if answer else b""
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


def heard(client, request):
    answer = act(request.payload)
    client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=answer))


if mode == "http":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
else:
    client = SocketModeClient(app_token="xapp-world", web_client=web)
    client.socket_mode_request_listeners.append(heard)
    client.connect()
    print("connected", flush=True)
sys.stdin.read()
