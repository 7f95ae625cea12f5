// Reads cases as JSON from standard input, prints the verdicts of an independent simulator as JSON.
// `npm install` in this folder brings it. A development-only process: nothing of it is shipped.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.cwd(), "package.json"));
const load = (path) => import(pathToFileURL(path).href);
const root = dirname(dirname(dirname(require.resolve("@cloud-copilot/iam-simulate"))));
const { authorize } = await load(join(root, "dist/esm/core_engine/CoreSimulatorEngine.js"));
const { AwsRequestImpl } = await load(join(root, "dist/esm/request/request.js"));
const { RequestContextImpl } = await load(join(root, "dist/esm/requestContext.js"));
const { loadPolicy } = await import(pathToFileURL(require.resolve("@cloud-copilot/iam-policy")).href);

const { DiscoveryContextKeyConstraints } = await load(
  join(root, "dist/esm/context_keys/discoveryContextKeyConstraints.js"),
);
const constraints = new DiscoveryContextKeyConstraints([]);

const named = (policy, name) => (policy ? loadPolicy(policy, { name }) : undefined);

function verdict(one) {
  const request = new AwsRequestImpl(
    one.principal,
    { resource: one.resource, accountId: "111122223333" },
    one.action,
    new RequestContextImpl(one.context),
  );
  const answer = authorize({
    request,
    sessionPolicy: named(one.session_policy, "session"),
    identityPolicies: (one.identity_policies ?? []).map((p, i) => named(p, `identity-${i}`)),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: named(one.resource_policy, "resource"),
    permissionBoundaries: one.permissions_boundary
      ? [named(one.permissions_boundary, "boundary")]
      : undefined,
    vpcEndpointPolicies: [],
    simulationParameters: { simulationMode: "Strict", discoveryContextKeyConstraints: constraints },
  });
  return answer.result;
}

const cases = JSON.parse(readFileSync(0, "utf8"));
const verdicts = cases.map((one) => {
  try {
    return verdict(one);
  } catch (error) {
    return `error: ${error.message}`;
  }
});
process.stdout.write(JSON.stringify(verdicts));
