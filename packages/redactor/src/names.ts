/**
 * Which names announce a secret: `DB_PASSWORD`, `x-api-key`, `clientSecret`, `privkey`; and which only sound
 * like it: `max_tokens`, `public_key`, `secretName`, `password_reset_url`, `nextPageToken`.
 *
 * The last word of a name decides, as it names the thing; words before it qualify.
 */

/**
 * - `password`: the value may be short and plain;
 * - `secret`: tokens, secrets, qualified keys: the value is long or odd;
 * - `key`: some `…_KEY`: the value must look random.
 */
export type NameClass = "password" | "secret" | "key";

const PASSWORD =
  /(?:passw(?:or)?ds?|passwort|passwd|psswd|passphrase|passcode|pwd|kennwort|contrasena|motdepasse)$/;
const PASSWORD_WORDS: ReadonlySet<string> = new Set([
  "pass",
  "pw",
  "mdp",
  "psk",
  "userpass",
  "dbpass",
  "smtppass",
]);

const SECRET =
  /(?:secret|token|tkn|apikey|apisecret|accesskey|secretkey|privatekey|privkey|authkey|signingkey|encryptionkey|masterkey|sharedkey|accountkey|credentials?|mnemonic|authorization|xauth|seedphrase|sessionid|cookie)$/;
const SECRET_WORDS: ReadonlySet<string> = new Set(
  "pat jwt creds cred bearer sid otp totp oauth auth secrets seed pin dsn sas mfa hmac".split(" "),
);
/** Secret only with a word before them: `GITHUB_PAT`, `connect.sid`, `wallet_seed`. */
const NEEDS_QUALIFIER: ReadonlySet<string> = new Set(
  "pat pw sid otp oauth auth seed pin dsn sas secrets mfa cred hmac".split(" "),
);

/** What makes a key a secret. */
const KEY_QUALIFIERS: ReadonlySet<string> = new Set(
  (
    "api secret private priv access auth authentication authorization app application encryption encrypt decryption " +
    "crypto cipher aes rsa ssh signing sign signature master account shared storage service sdk deploy function host " +
    "subscription admin webhook consumer write ingest license token client root server session jwt hmac " +
    "integration developer management provisioning publish upload instrumentation"
  ).split(" "),
);

/** What makes a key anything else. */
const NOT_A_SECRET_KEY: ReadonlySet<string> = new Set(
  (
    "public pub publishable primary foreign sort cache partition hash row index shard routing idempotency translation " +
    "i18n message object map dict dictionary query search hot arrow enter escape tab group order data react column col " +
    "unique composite surrogate natural lookup registry config setting settings event metric label tag name path file " +
    "field property prop item node parent child first last min max current next prev previous user dedupe dedup " +
    "deduplication s3 blob bucket redis memcached store storagekey record entity state context template trans locale " +
    "sorted by each every any all same this that a the per any gpg pgp fingerprint host known keyboard shortcut short " +
    "modifier alt ctrl shift meta cmd command press pressed down up function_name compare comparison join"
  ).split(" "),
);

/** Tokens that are counted or point to a page rather than open a door. */
const NOT_A_SECRET_TOKEN: ReadonlySet<string> = new Set(
  (
    "max min total input output prompt completion cached cache reasoning num number count per page next continuation " +
    "cursor sync cancellation cancel design mask pad eos bos unk special stop start end first last lookahead public " +
    "current previous prev parse each every new this"
  ).split(" "),
);

/** Words after the deciding one that leave its meaning: `secret_key_base`, `client-key-data`, `PASSWORD_PROD`. */
const NEUTRAL_TAIL: ReadonlySet<string> = new Set(
  (
    "value val string str text plain plaintext cleartext raw base base64 b64 hex pem data prod production staging stage " +
    "dev development live main default current old new primary secondary backup local ci plaid env v1 v2 one two"
  ).split(" "),
);

const WORD = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g;
const known = new Map<string, NameClass | undefined>();

/** Names seen before are remembered up to this many; agents repeat a small set of keys. */
const MAX_KNOWN = 4096;

/** What kind of secret a value under this name would be; undefined for most names. */
export function classifyName(name: string): NameClass | undefined {
  if (name.length > 100) return undefined;
  const cached = known.get(name);
  if (cached !== undefined || known.has(name)) return cached;
  const made = classify(name);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, made);
  return made;
}

function classify(name: string): NameClass | undefined {
  const words = (name.match(WORD) ?? []).map((word) => word.toLowerCase());
  while (words.length > 1 && (/^\d+$/.test(words.at(-1)!) || NEUTRAL_TAIL.has(words.at(-1)!))) words.pop();
  const last = words.pop();
  if (last === undefined) return undefined;
  if (PASSWORD.test(last)) return "password";
  if (PASSWORD_WORDS.has(last))
    return NEEDS_QUALIFIER.has(last) && words.length === 0 ? undefined : "password";
  if (last.endsWith("phrase"))
    return ["pass", "seed", "recovery", "secret"].includes(words.at(-1) ?? "") ? "password" : undefined;
  if (SECRET.test(last)) {
    return /to?ke?n$/.test(last) && words.some((word) => NOT_A_SECRET_TOKEN.has(word)) ? undefined : "secret";
  }
  if (SECRET_WORDS.has(last)) return NEEDS_QUALIFIER.has(last) && words.length === 0 ? undefined : "secret";
  if (last.endsWith("key") && last !== "monkey" && last !== "hotkey" && last !== "turkey")
    return classifyKey(words, last);
  if (last === "access" && words.at(-1) === "sb") return "secret";
  return undefined;
}

function classifyKey(before: readonly string[], last: string): NameClass | undefined {
  const words = last === "key" ? before : [...before, last.slice(0, -3)];
  if (words.length === 0) return undefined;
  const nearest = words.at(-1)!;
  if (KEY_QUALIFIERS.has(nearest) && !words.some((word) => word === "public" || word === "publishable"))
    return "secret";
  if (words.some((word) => NOT_A_SECRET_KEY.has(word))) return undefined;
  return words.some((word) => KEY_QUALIFIERS.has(word)) ? "secret" : "key";
}
