// GitHub's own clients against the stand-in. Its first argument is a JSON
// object with where that is; what it finds is printed as JSON, and anything
// unexpected ends it with an error.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const world = JSON.parse(process.argv[2]);
const require = createRequire(`${process.env.GONOGO_RIGS}/package.json`);
const load = async (name) => import(require.resolve(name));
const { Octokit } = await load('@octokit/rest');
const { createAppAuth } = await load('@octokit/auth-app');
const { Webhooks } = await load('@octokit/webhooks');

const repo = { owner: 'acme', repo: 'web' };
const person = new Octokit({ auth: 'ghp_world', baseUrl: world.api });
const found = {};

found.branches = (await person.paginate('GET /repos/{owner}/{repo}/branches', { ...repo, per_page: 2 })).map((b) => b.name);
const sha = (await person.rest.git.getRef({ ...repo, ref: 'heads/main' })).data.object.sha;
await person.rest.repos.createCommitStatus({
  ...repo, sha, state: 'failure', context: 'gonogo/deploy (web)', description: 'No-Go: STORY-12 is In Review',
});
const combined = await person.rest.repos.getCombinedStatusForRef({ ...repo, ref: 'main' });
found.combined = combined.data.state;
found.pulls = (await person.rest.repos.listPullRequestsAssociatedWithCommit({ ...repo, commit_sha: world.head })).data.map((p) => p.title);
found.refused = await person.rest.checks.create({ ...repo, name: 'gonogo', head_sha: sha }).catch((error) => error.status);
const etag = combined.headers.etag;
found.conditional = await person.rest.repos
  .getCombinedStatusForRef({ ...repo, ref: 'main', headers: { 'if-none-match': etag } })
  .catch((error) => error.status);
const limit = (await person.rest.rateLimit.get()).data.rate;
found.limit = limit.limit;

const app = new Octokit({
  authStrategy: createAppAuth,
  auth: { appId: world.app, privateKey: world.key, installationId: world.installation },
  baseUrl: world.api,
});
found.app = (await app.rest.apps.getAuthenticated()).data.slug;
const run = await app.rest.checks.create({
  ...repo, name: 'gonogo', head_sha: sha, status: 'completed', conclusion: 'failure',
  output: { title: 'No-Go', summary: 'STORY-12 is In Review', annotations: [] },
});
found.run = (await app.rest.checks.get({ ...repo, check_run_id: run.data.id })).data.conclusion;
found.reached = (await app.paginate(app.rest.apps.listReposAccessibleToInstallation)).map((r) => r.full_name);
const deployment = await person.rest.repos.createDeployment({ ...repo, ref: sha, auto_merge: false, required_contexts: [] });
await person.rest.repos.createDeploymentStatus({ ...repo, deployment_id: deployment.data.id, state: 'success' });

// Its own judgement of our signatures, over the bytes as they come.
const webhooks = new Webhooks({ secret: 'it is a secret' });
const server = createServer();
const judged = new Promise((resolve) => {
  server.on('request', (request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const signed = await webhooks.verify(body, request.headers['x-hub-signature-256']);
      const wrong = await webhooks.verify(body + ' ', request.headers['x-hub-signature-256']);
      response.writeHead(204).end();
      server.close();
      resolve({ event: request.headers['x-github-event'], signed, wrong });
    });
  });
});
await new Promise((listening) => server.listen(world.receiver, '127.0.0.1', listening));
await person.rest.repos.pingWebhook({ ...repo, hook_id: world.hook });
found.hook = await judged;

await person.rest.repos.get({ owner: 'acme', repo: 'old-name' }).then((r) => { found.renamed = r.data.full_name; });
console.log(JSON.stringify(found));
