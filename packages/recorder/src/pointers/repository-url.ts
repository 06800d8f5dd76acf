/**
 * The one form in which a repository is named: https, browsable, without credentials and without `.git`.
 *
 * Remotes come in a dozen spellings and often carry a token. Two runs on one repository must name it alike
 * (traces are joined on it), and no spelling may bring a credential into the trace. What cannot be read with
 * certainty is not a repository: better no pointer than a leaked or wrong one.
 */

const MAX_LENGTH = 1024;

/** Hosts that exist for ssh over port 443 only, and the host whose pages show the same repository. */
const BROWSABLE_HOST: Readonly<Record<string, string>> = {
  "ssh.github.com": "github.com",
  "altssh.gitlab.com": "gitlab.com",
  "altssh.bitbucket.org": "bitbucket.org",
  "ssh.dev.azure.com": "dev.azure.com",
  "vs-ssh.visualstudio.com": "dev.azure.com",
};

interface Address {
  /** `host` or `host:port`. */
  host: string;
  path: string;
}

/**
 * `https://host/owner/name` of a git remote in any of the forms `git clone` takes, undefined for a local path
 * (`file://`, `/srv/x.git`, `C:\x`) and for anything that is not clearly a remote.
 *
 * User information, query, fragment, ssh and git ports, a trailing slash and `.git` are dropped; the host is
 * lower-cased, the path is not. GitLab's subgroups, Azure's `_git` and Bitbucket Server's `/scm/` stay.
 */
export function repositoryUrl(remote: unknown): string | undefined {
  if (typeof remote !== "string") return undefined;
  const text = remote.trim();
  if (text.length > MAX_LENGTH || /[\s\\\p{Cc}]/u.test(text)) return undefined;

  const address = fromUrl(text) ?? fromScp(text);
  if (address === undefined) return undefined;
  // An `@` behind the host is the tail of a password with a slash in it, cut in the wrong place.
  if (address.path.includes("@")) return undefined;

  const host = BROWSABLE_HOST[address.host.toLowerCase()] ?? address.host;
  const [path = ""] = address.path.split(/[?#]/);
  const segments = path.split("/").filter((segment) => segment !== "");
  const last = segments.pop()?.replace(/\.git$/, "");
  if (last === undefined || last === "" || last === "~") return undefined;
  segments.push(last);
  if (segments[0] === "v3" && segments.length === 4 && host === "dev.azure.com")
    segments.splice(0, 4, ...azure(segments));

  try {
    const url = new URL(`https://${host}/${segments.join("/")}`);
    // "a/.." is resolved by the parser and may leave nothing.
    return url.pathname === "/" || url.pathname.endsWith("/") ? undefined : `${url.origin}${url.pathname}`;
  } catch {
    return undefined; // not a host name: "https://u:pass/…", where the password had a slash
  }
}

/** `ssh.dev.azure.com:v3/org/project/repo` is shown at `dev.azure.com/org/project/_git/repo`. */
function azure([, organisation = "", project = "", name = ""]: readonly string[]): string[] {
  return [organisation, project, "_git", name];
}

/** `https://user:token@host:8443/o/r`, `ssh://git@host:22/o/r`, `git://host/o/r`, `git+https://…`. */
function fromUrl(text: string): Address | undefined {
  const match = /^(?:git\+)?(https?|ssh|git)(?:\+git)?:\/\/([^/?#]*)(.*)$/i.exec(text);
  if (match === null) return undefined;
  const [, scheme = "", authority = "", path = ""] = match;
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const isWeb = scheme.toLowerCase().startsWith("http");
  // 80 is http's own and would be a wrong port for https.
  return { host: isWeb ? host.replace(/:80$/, "") : host.replace(/:\d*$/, ""), path };
}

/** `git@host:o/r.git`, `host:o/r`, `[::1]:o/r`: whatever has a colon before its first slash. */
function fromScp(text: string): Address | undefined {
  if (text.includes("://") || text.includes("::")) return undefined; // file://, ext::, other helpers
  const slash = text.indexOf("/");
  const head = slash === -1 ? text : text.slice(0, slash);
  const rest = text.slice(head.lastIndexOf("@") + 1);
  const colon = rest.indexOf(":");
  // One letter before the colon is a drive of Windows.
  if (colon < 2 || rest.slice(0, colon).includes("/")) return undefined;
  return { host: rest.slice(0, colon), path: rest.slice(colon + 1) };
}
