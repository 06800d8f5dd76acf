/**
 * What a GitHub webhook payload says about the work at hand: which change or issue, at which commit, when.
 *
 * Actions leaves the payload of the triggering event in `$GITHUB_EVENT_PATH`. Where the fields stand differs by
 * event, and dispatched workflows carry the original event inside their inputs. Nothing here trusts the payload:
 * any JSON value may come, and what is not where it should be is absent.
 *
 * Paths: https://docs.github.com/en/webhooks/webhook-events-and-payloads, and for the nested forms gh-aw
 * (`aw_context`) and fullsend (`event_payload`).
 */

/** A change or an issue, everything as found. */
export interface WorkItem {
  kind: "change" | "issue";
  number: unknown;
  url: unknown;
  headRevision?: unknown;
  headRef?: unknown;
  baseRevision?: unknown;
  baseRef?: unknown;
  /** The commit on the base branch, once merged. */
  mergeRevision?: unknown;
  repository?: EventRepository | undefined;
}

interface EventRepository {
  /** `owner/name` */
  name: unknown;
  id: unknown;
  visibility: unknown;
}

export interface GitHubEvent {
  change?: WorkItem | undefined;
  issue?: WorkItem | undefined;
  /** Changes at the commit that a check or another workflow ran for: weaker than `change`, which the event is about. */
  changeOfRun?: WorkItem | undefined;
  /** The commit such an event is about. */
  headRevision?: unknown;
  headRef?: unknown;
  baseRevision?: unknown;
  baseRef?: unknown;
  /** When what triggered the run happened: ISO text, or seconds since 1970. */
  time?: unknown;
  repository: EventRepository;
}

/** @param payload The parsed payload, or undefined where there is none. */
export function readGitHubEvent(payload: unknown): GitHubEvent {
  const events = [payload, ...nestedEvents(payload)];
  const items = events.map(workItem);
  const run = RUN_KEYS.map((key) => at(payload, key)).find((value) => value !== undefined);
  const queue = at(payload, "merge_group");
  return {
    change: items.find((item) => item?.kind === "change"),
    issue: items.find((item) => item?.kind === "issue"),
    changeOfRun: changeOfRun(run, at(payload, "repository", "id")) ?? changeOfQueue(queue),
    headRevision: at(run, "head_sha") ?? at(queue, "head_sha"),
    headRef: at(run, "head_branch") ?? at(run, "check_suite", "head_branch"),
    baseRevision: at(queue, "base_sha"),
    baseRef: at(queue, "base_ref"),
    time: events.map(timeOf).find((time) => time !== undefined),
    repository: repositoryOf(at(payload, "repository")),
  };
}

/** The value at a path of own keys, undefined where the path breaks off. */
function at(value: unknown, ...keys: readonly string[]): unknown {
  let here = value;
  for (const key of keys) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Record<string, unknown>)[key];
  }
  return here ?? undefined;
}

// --- which change or issue ---------------------------------------------------------------------------------

function workItem(event: unknown): WorkItem | undefined {
  return (
    pullRequestItem(at(event, "pull_request")) ?? issueItem(at(event, "issue")) ?? agenticWorkflowItem(event)
  );
}

function pullRequestItem(pull: unknown): WorkItem | undefined {
  if (pull === undefined) return undefined;
  return {
    kind: "change",
    number: at(pull, "number"),
    url: at(pull, "html_url"),
    headRevision: at(pull, "head", "sha"),
    headRef: at(pull, "head", "ref"),
    baseRevision: at(pull, "base", "sha"),
    baseRef: at(pull, "base", "ref"),
    mergeRevision: at(pull, "merged") === true ? at(pull, "merge_commit_sha") : undefined,
    repository: repositoryOf(at(pull, "base", "repo")),
  };
}

/** Comments on a change arrive as comments on an issue that has `pull_request`; trimmed payloads keep only the link. */
function issueItem(issue: unknown): WorkItem | undefined {
  if (issue === undefined) return undefined;
  const url = at(issue, "pull_request", "html_url") ?? at(issue, "html_url");
  const isChange = at(issue, "pull_request") !== undefined || /\/pulls?\/\d+$/.test(String(url));
  return { kind: isChange ? "change" : "issue", number: at(issue, "number"), url };
}

/** gh-aw's `aw_context` names the item by type and number. */
function agenticWorkflowItem(context: unknown): WorkItem | undefined {
  const type = at(context, "item_type");
  if (type !== "pull_request" && type !== "issue") return undefined;
  return {
    kind: type === "issue" ? "issue" : "change",
    number: at(context, "item_number"),
    url: undefined,
    repository: { name: at(context, "repo"), id: undefined, visibility: undefined },
  };
}

const RUN_KEYS = ["workflow_run", "check_run", "check_suite"] as const;

/** A run lists every open change with its head commit, also those of forks; one that is not alone is a guess. */
function changeOfRun(run: unknown, repositoryId: unknown): WorkItem | undefined {
  const pulls = at(run, "pull_requests");
  if (!Array.isArray(pulls)) return undefined;
  const own = pulls.filter((pull) => (at(pull, "base", "repo", "id") ?? repositoryId) === repositoryId);
  const item = own.length === 1 ? pullRequestItem(own[0]) : undefined;
  // Its `head` is where the change stands now; the run was for its own `head_sha`.
  return item && { ...item, headRevision: undefined, repository: undefined };
}

/** `refs/heads/gh-readonly-queue/main/pr-104-<sha>`: the last change of the group. */
function changeOfQueue(queue: unknown): WorkItem | undefined {
  const number = /\/pr-(\d+)-[0-9a-f]+$/.exec(String(at(queue, "head_ref")))?.[1];
  return number === undefined ? undefined : { kind: "change", number, url: undefined };
}

function repositoryOf(repository: unknown): EventRepository {
  const isPrivate = at(repository, "private");
  return {
    name: at(repository, "full_name"),
    id: at(repository, "id"),
    visibility:
      at(repository, "visibility") ??
      (isPrivate === undefined ? undefined : isPrivate ? "private" : "public"),
  };
}

// --- events inside events ----------------------------------------------------------------------------------

/** GitHub allows 65 535 characters in either place. */
const MAX_NESTED_LENGTH = 65_536;

/** Dispatched workflows are handed the original event as an object or as JSON text. */
function nestedEvents(payload: unknown): unknown[] {
  const inputs = at(payload, "inputs");
  const client = at(payload, "client_payload");
  const values = typeof client === "object" && client !== null ? Object.values(client).slice(0, 10) : [];
  return [
    at(inputs, "event_payload"),
    at(inputs, "aw_context"),
    at(inputs, "payload"),
    client,
    ...values,
  ].map(decode);
}

function decode(value: unknown): unknown {
  if (typeof value !== "string" || value.length > MAX_NESTED_LENGTH || !value.trimStart().startsWith("{"))
    return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined; // text that only begins like JSON
  }
}

// --- when ---------------------------------------------------------------------------------------------------

/** Object, the field with the moment by `action`, and the field for any other action; the first that is there counts. */
const MOMENTS: readonly (readonly [
  object: string,
  byAction: Readonly<Record<string, string>>,
  otherwise: string,
])[] = [
  ["comment", { edited: "updated_at", deleted: "deleted_at" }, "created_at"],
  ["review", { edited: "updated_at", dismissed: "updated_at" }, "submitted_at"],
  ["workflow_run", { requested: "created_at" }, "updated_at"],
  ["check_run", { created: "started_at" }, "completed_at"],
  ["check_suite", {}, "updated_at"],
  ["release", {}, "published_at"],
  ["pull_request", { opened: "created_at", closed: "closed_at" }, "updated_at"],
  ["issue", { opened: "created_at", closed: "closed_at" }, "updated_at"],
];

function timeOf(event: unknown): unknown {
  const action = String(at(event, "action"));
  for (const [object, byAction, otherwise] of MOMENTS) {
    const field = Object.hasOwn(byAction, action) ? (byAction[action] ?? otherwise) : otherwise;
    const time = at(event, object, field);
    if (time !== undefined) return time;
  }
  // Only in push events `pushed_at` is a number, and it is the push's own time; a commit may be older.
  const pushedAt = at(event, "repository", "pushed_at");
  if (typeof pushedAt === "number") return pushedAt;
  const commit = at(event, "head_commit") ?? at(event, "merge_group", "head_commit");
  return at(commit, "timestamp") ?? (at(event, "event_type") === undefined ? undefined : at(event, "time"));
}
