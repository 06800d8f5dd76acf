/** Passwords as arguments of well-known programs, where no name announces them: `mysql -p…`, `curl -u user:…`. */

import { type Detector, type Scan, WEIGHT } from "./scan.ts";
import { isCode, isHarmless } from "./shape.ts";

/** A value: quoted (also in an escaped JSON string) or up to the next space. */
const VALUE = String.raw`(?:\\{0,4}"(?<dq>[^"\\\n]{1,512})|\\{0,4}'(?<sq>[^'\n]{1,512})|(?<bare>[^\s"'\\;|&<>)]{1,512}))`;
/** Words of the command between the program and the argument, on the same line. */
const WORDS = String.raw`(?:[^\n;|\\]|\\\r?\n|\\.){0,400}?[\s"',]`;

interface ShellRule {
  /** Program name; wakes the rule. */
  readonly word: string;
  readonly pattern: RegExp;
}

const rule = (word: string, argument: string): ShellRule => ({
  word,
  pattern: new RegExp(argument + VALUE, "y"),
});

/** Where each program takes a password; from its manual page. */
const SHELL_RULES: readonly ShellRule[] = [
  rule(
    "curl ",
    `curl ${WORDS}?(?:-u|--user|-U|--proxy-user)[ =]{0,2}\\\\{0,4}["']?[^\\s:"']{0,128}["']?:(?=[^/\\s"']|["'][^\\s"'])`,
  ),
  rule("mysql", `mysql\\w{0,12} ${WORDS}?-p(?=[^\\s])`),
  rule("mariadb", `mariadb[\\w-]{0,12} ${WORDS}?-p(?=[^\\s])`),
  rule("sshpass", `sshpass ${WORDS}?-p ?`),
  rule("login ", `login ${WORDS}?(?:-p|--password)[ =]`),
  rule("htpasswd", `htpasswd [^\\n]{0,20}?-[a-zA-Z]{0,6}b[a-zA-Z]{0,6} \\S{1,200} \\S{1,100} `),
  rule("pass:", `pass:`),
  rule("secret set", `secret set ${WORDS}?(?:--body|-b)[ =]`),
  rule("redis-cli", `redis-cli ${WORDS}?-a `),
  rule("ldap", `ldap(?:search|add|modify|delete|passwd|whoami) ${WORDS}?-w `),
  rule("smbclient", `smbclient ${WORDS}?-U ?\\S{1,64}%`),
  rule("unzip", `unzip ${WORDS}?-P ?`),
  rule("7z", `7za? ${WORDS}?-p(?=[^\\s])`),
  rule("zip ", `zip ${WORDS}?-P ?`),
  rule("keytool", `keytool ${WORDS}?-(?:store|key)pass `),
  rule("mongo", `mongo(?:sh|dump|restore|export|import)? ${WORDS}?-p `),
  rule("sqlcmd", `sqlcmd ${WORDS}?-P ?`),
  rule("xfreerdp", `xfreerdp ${WORDS}?/p:`),
  rule("net use", `net use ${WORDS}?/user:\\S{1,64} `),
  rule("IDENTIFIED BY", `IDENTIFIED BY (?:PASSWORD )?`),
  rule("identified by", `identified by (?=['"])`),
  rule("WITH PASSWORD", `WITH PASSWORD `),
  rule("PASSWORD '", `PASSWORD (?=')`),
  rule("configure set", `configure set \\w{0,40}(?:secret|key|token|password)\\w{0,40} `),
  rule("authtoken ", `authtoken `),
  rule("vault login", `vault login (?:-[\\w=-]{1,40} )*`),
  rule("chpasswd", `chpasswd <<< ?\\\\{0,4}["']?\\w{1,64}:`),
  rule(
    "echo ",
    `echo (?=[^\\n|]{1,300}\\| ?(?:docker|podman|helm|gh|npm|sudo -S|chpasswd|passwd)\\b)(?:-n )?(?:\\\\{0,4}["']?\\w{1,32}:)?`,
  ),
  rule("auth=(", `auth=\\(\\s{0,8}["'][^"'\\n]{1,100}["'],\\s{0,8}(?=["'])`),
  rule("ssh-keygen", `ssh-keygen ${WORDS}?-[NP] `),
  rule("http -", `http ${WORDS}?(?:-a|--auth)[ =][^\\s:]{1,64}:`),
  rule("dbpass ", `dbpass `),
];

export const SHELL_WORDS: ReadonlyMap<string, Detector> = new Map(
  SHELL_RULES.map(
    ({ word, pattern }) => [word, (scan, start) => detectArgument(scan, start, pattern)] as const,
  ),
);

function detectArgument(scan: Scan, start: number, pattern: RegExp): void {
  scan.budget.spend(3000);
  pattern.lastIndex = start;
  const match = pattern.exec(scan.text);
  if (match === null) return;
  const value = match.groups?.["dq"] ?? match.groups?.["sq"] ?? match.groups?.["bare"] ?? "";
  if (value.length < 4 || /^--?[a-z-]+$/.test(value) || isHarmless(value) || isCode(value)) return;
  if (/^[a-z]+$/.test(value) || /^\d{1,5}$/.test(value) || /^[.~]{0,2}\//.test(value)) return;
  scan.add(pattern.lastIndex - value.length, pattern.lastIndex, "shell-password", WEIGHT.context);
}
