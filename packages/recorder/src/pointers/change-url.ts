/**
 * Links to changes (pull and merge requests) and issues, in the one form that names a work item.
 *
 * The canonical link is the session id: every agent that works on a change must come to the same string,
 * whether it learnt it from a webhook, an environment variable or the output of a command.
 */

import { repositoryUrl } from "./repository-url.ts";

const MAX_LENGTH = 1024;

/** Which pages a code host has. */
export type Forge = "github" | "gitlab" | "bitbucket" | "gitea" | "azure";

const CHANGE_PATH: Readonly<Record<Forge, string>> = {
  github: "pull",
  gitlab: "-/merge_requests",
  bitbucket: "pull-requests",
  gitea: "pulls",
  azure: "pullrequest",
};

const FORGE_BY_HOST: readonly (readonly [RegExp, Forge])[] = [
  [/(^|\.)github\.|\.ghe\.com$/, "github"],
  [/(^|\.)gitlab\./, "gitlab"],
  [/(^|\.)bitbucket\./, "bitbucket"],
  [/(^|\.)(gitea|forgejo)\.|(^|\.)codeberg\.org$/, "gitea"],
  [/^dev\.azure\.com$/, "azure"],
];

export interface Change {
  /** Canonical: nothing behind the number. */
  url: string;
  /** Its number, as text. */
  id: string;
  /** Of the repository it is to be merged into. */
  repositoryUrl: string;
}

/** http or https, without user information, query and trailing slash; `#…` stays only where asked for. */
export function webUrl(value: unknown, options: { keepFragment?: boolean } = {}): string | undefined {
  if (typeof value !== "string" || value.length > MAX_LENGTH || /[\s\\\p{Cc}]/u.test(value)) return undefined;
  // An `@` behind the host is the tail of a password with a slash in it, cut in the wrong place.
  if (!/^https?:\/\/[^/?#]+(?:[/?#][^@]*)?$/i.test(value)) return undefined;
  try {
    const url = new URL(value);
    const path = url.pathname.replace(/\/+$/, "");
    return `${url.origin}${path}${options.keepFragment === true ? url.hash : ""}`;
  } catch {
    return undefined; // starts like a link and is none
  }
}

/** The change a link leads to, from any of its pages (`…/pull/7/files#r1`); undefined if it leads elsewhere. */
export function parseChangeUrl(value: unknown): Change | undefined {
  const url = webUrl(value);
  if (url === undefined || isApi(url)) return undefined;
  const match =
    /^(https?:\/\/[^/]+\/.+?)\/(pulls?|(?:-\/)?merge_requests|pull-requests|pullrequest)\/(\d{1,12})(?:\/|$)/.exec(
      url,
    );
  if (match === null) return undefined;
  const [, repository = "", path = "", id = ""] = match;
  const canonical = path === "merge_requests" ? CHANGE_PATH.gitlab : path;
  return {
    url: `${repository}/${canonical}/${id}`,
    id,
    repositoryUrl: repositoryUrl(repository) ?? repository,
  };
}

/** An issue's canonical link and its repository, likewise. */
export function parseIssueUrl(value: unknown): Change | undefined {
  const url = webUrl(value);
  if (url === undefined || isApi(url)) return undefined;
  const match = /^(https?:\/\/[^/]+\/.+?)\/((?:-\/)?(?:issues|work_items))\/(\d{1,12})(?:\/|$)/.exec(url);
  if (match === null) return undefined;
  const [, repository = "", path = "", id = ""] = match;
  return { url: `${repository}/${path}/${id}`, id, repositoryUrl: repositoryUrl(repository) ?? repository };
}

/** Links inside REST answers name the same things, but are no pages: `https://api.github.com/repos/o/r/pulls/7`. */
function isApi(url: string): boolean {
  return /^https?:\/\/(?:api\.[^/]+|[^/]+\/api\/v\d+)\//.test(url);
}

/** The forge that serves a repository, as far as its host's name tells. */
export function forgeOf(repository: string): Forge | undefined {
  const host = /^https?:\/\/([^/:]+)/.exec(repository)?.[1] ?? "";
  return FORGE_BY_HOST.find(([pattern]) => pattern.test(host))?.[1];
}

export function changeUrlOf(repository: string, id: string, forge: Forge): string {
  return `${repository}/${CHANGE_PATH[forge]}/${id}`;
}

export function issueUrlOf(repository: string, id: string, forge: Forge): string {
  return `${repository}/${forge === "gitlab" ? "-/issues" : "issues"}/${id}`;
}
