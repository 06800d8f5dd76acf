/**
 * A stand-in for the model providers on loopback.
 *
 * It speaks three APIs well enough for the released agents (and for the demo's own small loop), answers
 * from a script, and logs every request, so that a test can hold what spoor restored against what was
 * really sent. Nothing here knows any agent; agents are told its address by `test/agents/agents.ts`.
 */

import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { anthropic } from "./anthropic.ts";
import type { Answer, Dialect, ModelRequest } from "./dialect.ts";
import { gemini } from "./gemini.ts";
import { openai } from "./openai.ts";
import { conversationOf, type Script, type Step, usageOfStep } from "./script.ts";

const DIALECTS: readonly Dialect[] = [anthropic, openai, gemini];

/** What a request outside the script is answered with. */
const ASIDE: Step = { text: "ok", usage: { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 } };

/** One model call as the server saw it. */
export interface LoggedCall {
  readonly dialect: Dialect["name"];
  readonly path: string;
  readonly body: unknown;
  readonly receivedAtMs: number;
  /** Absent for an aside and for a prompt that holds no key of the script. */
  readonly conversation?: string;
  readonly answer: Answer;
  /** Ids of the tool calls in the answer, in order; empty where the API gives none. */
  readonly toolCallIds: readonly string[];
  /** Whether the whole answer went out; false while it is being sent and when the agent hung up. */
  delivered: boolean;
}

export interface ModelServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly url: string;
  /** Every model call so far, in order of arrival. */
  readonly calls: readonly LoggedCall[];
  /** Everything else that was asked, as `METHOD path`; a proxy request is `CONNECT host:port`. */
  readonly otherRequests: readonly string[];
  close(): Promise<void>;
}

/**
 * Starts a server on a free loopback port that answers from `script`.
 *
 * A conversation that asks for more than its list holds gets a 400 that says so. Close the server (or
 * use `await using`): it also ends answers that are still waiting.
 */
export async function startModelServer(script: Script): Promise<ModelServer> {
  const calls: LoggedCall[] = [];
  const otherRequests: string[] = [];
  const closing = new AbortController();
  const nextStep = new Map<string, number>();
  const run = randomBytes(4).toString("hex"); // keeps ids of different servers apart in one transcript

  const chooseStep = (conversation: string): { step: Step; index: number } => {
    const index = nextStep.get(conversation) ?? 0;
    nextStep.set(conversation, index + 1);
    const steps = script[conversation] ?? [];
    const last = steps.at(-1);
    const step = steps[index] ?? (last?.error === undefined ? exhausted(conversation, index) : last);
    return { step, index };
  };

  const log = (dialect: Dialect, path: string, body: unknown, request: ModelRequest): LoggedCall => {
    const conversation = request.aside ? undefined : conversationOf(script, request.userTexts);
    const { step, index } = conversation === undefined ? { step: ASIDE, index: 0 } : chooseStep(conversation);
    const place = Object.keys(script).indexOf(conversation ?? "");
    const id = `${run}${String(calls.length).padStart(4, "0")}`;
    const answer = { step, usage: step.usage ?? usageOfStep(index, place), model: request.model, id };
    const toolCallIds = (step.tools ?? []).map((_, at) => dialect.toolCallId(id, at));
    const call: LoggedCall = {
      dialect: dialect.name,
      path,
      body,
      receivedAtMs: Date.now(),
      ...(conversation === undefined ? {} : { conversation }),
      answer,
      toolCallIds: toolCallIds.filter((toolCallId) => toolCallId !== undefined),
      delivered: false,
    };
    calls.push(call);
    return call;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
    const body = await readJson(request);
    for (const dialect of DIALECTS) {
      const modelRequest = dialect.read(path, body);
      if (modelRequest !== undefined) {
        const call = log(dialect, path, body, modelRequest);
        await send(response, dialect, call.answer, modelRequest.stream, closing.signal);
        call.delivered = !response.destroyed;
        return;
      }
    }
    otherRequests.push(`${request.method} ${request.url}`);
    const lesser = DIALECTS.map((dialect) => dialect.lesser(path, body)).find(
      (answer) => answer !== undefined,
    );
    sendJson(response, lesser === undefined ? 404 : 200, lesser ?? { error: { message: "not scripted" } });
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      // The agent hung up or was killed; that is a scenario, not a fault of the server.
      if (!response.destroyed) response.destroy(error as Error);
    });
  });
  // Agents get this server as their proxy too, so that a call to the outside is seen and refused.
  server.on("connect", (request, socket) => {
    otherRequests.push(`CONNECT ${request.url}`);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const close = (): Promise<void> =>
    new Promise((resolve) => {
      closing.abort();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, calls, otherRequests, close, [Symbol.asyncDispose]: close };
}

async function send(
  response: ServerResponse,
  dialect: Dialect,
  answer: Answer,
  stream: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { error, delayMs = 0, pauseMs = 0 } = answer.step;
  if (delayMs > 0) await sleep(delayMs, undefined, { signal });
  if (error !== undefined) return sendJson(response, error.status, error.body);
  if (!stream) return sendJson(response, 200, dialect.message(answer));

  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  const { events, pauseAfter } = dialect.events(answer);
  for (const [index, { event, data }] of events.entries()) {
    if (index === pauseAfter && pauseMs > 0) await sleep(pauseMs, undefined, { signal });
    response.write(`${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`);
  }
  response.end();
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** Reads a request's body; undefined when it is empty or not JSON. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined; // a GET, or telemetry in another format: the path says enough
  }
}

function exhausted(conversation: string, index: number): Step {
  const message = `the script of ${conversation} has no step ${index}`;
  return {
    error: { status: 400, body: { type: "error", error: { type: "invalid_request_error", message } } },
  };
}
