// Slack's own client against the stand-in, whose address is the argument. What
// it finds is printed as JSON, and anything unexpected ends it with an error.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.GONOGO_RIGS}/package.json`);
const { WebClient } = require('@slack/web-api');

const slackApiUrl = process.argv[2];
const client = (token, more = {}) => new WebClient(token, { slackApiUrl, logLevel: 'error', ...more });
const web = client('xoxb-world');
const errorOf = (call) => call.then(() => 'none', (error) => error.data.error);
const found = {};

found.team = (await web.auth.test()).team;
found.channels = (await web.conversations.list({ types: 'public_channel' })).channels.map((c) => c.name);
const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'No-Go' } }];
const metadata = { event_type: 'verdict', event_payload: { key: 'web' } };
const posted = await web.chat.postMessage({ channel: '#deploys', text: 'No-Go', blocks, metadata });
found.posted = posted.channel;
found.changed = (await web.chat.update({ channel: posted.channel, ts: posted.ts, text: 'Go' })).text;
// Refused for a second; the client waits and asks again.
await web.chat.postMessage({ channel: '#deploys', text: 'again' });
const history = await web.conversations.history({ channel: posted.channel, include_all_metadata: true });
found.key = history.messages.find((m) => m.ts === posted.ts).metadata.event_payload.key;
const other = (await web.conversations.list()).channels.find((c) => c.name === 'other').id;
found.pages = 0;
for await (const _ of web.paginate('conversations.history', { channel: other, limit: 1 })) found.pages += 1;
found.unknown_channel = await errorOf(web.chat.postMessage({ channel: '#none', text: 'x' }));
found.unknown_method = await errorOf(web.apiCall('chat.shout', {}));
found.wrong_blocks = await errorOf(web.chat.postMessage({
  channel: '#other', text: 'x', blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(3001) } }],
}));
found.stranger = await errorOf(client('xoxb-stranger').auth.test());
console.log(JSON.stringify(found));
