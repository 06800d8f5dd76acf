/** Takes secrets out of text and values before they reach the disk. */

export { findSecrets, type Finding, redact } from "./redact.ts";
export { createRedactor, createStreamRedactor, type Redactor, type RedactorOptions } from "./redactor.ts";
export type { Rule } from "./rules.ts";
export type { StreamRedactor } from "./stream.ts";
export { secretsOfEnvironment } from "./exact-values.ts";
