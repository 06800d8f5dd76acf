/**
 * A small but real agent: it asks a model over HTTP, runs the tools the model asks for, and goes on until the
 * model has nothing more to ask. It records itself with the library; nothing else about it is special.
 *
 * Usage: node agent.ts URL PROMPT   (an OpenAI Responses API at URL)
 */

import { spawnSync } from "node:child_process";
import { type MessageInput, startTrace } from "@spoor/recorder";

interface OutputItem {
  type: string;
  call_id?: string;
  name?: string;
  arguments?: string;
  content?: { text?: string }[];
}

interface ModelResponse {
  id: string;
  output: OutputItem[];
  usage: { input_tokens: number; output_tokens: number; input_tokens_details?: { cached_tokens?: number } };
}

const MODEL = "demo-model-1";
const TOOL = {
  type: "function",
  name: "shell",
  parameters: { type: "object", properties: { command: { type: "string" } } },
};

const [url = "", prompt = ""] = process.argv.slice(2);
using trace = startTrace({ agent: { name: "demo-agent", version: "1.0.0", role: "fixer" } });
using turn = trace.turn(prompt);

const messages: MessageInput[] = [{ role: "user", content: prompt }];
const input: unknown[] = [{ role: "user", content: [{ type: "input_text", text: prompt }] }];
for (let goOn = true; goOn;) {
  const call = turn.prompt({ model: MODEL, provider: "openai", messages, tools: [TOOL] });
  const response = await ask(input);
  const calls = response.output.filter((item) => item.type === "function_call");
  const text = response.output
    .flatMap((item) => item.content?.flatMap((part) => part.text ?? []) ?? [])
    .join("");
  const answer: MessageInput = {
    role: "assistant",
    parts: [
      ...(text === "" ? [] : [{ type: "text", content: text }]),
      ...calls.map((item) => ({
        type: "tool_call",
        id: item.call_id ?? "",
        name: item.name ?? "",
        arguments: argumentsOf(item),
      })),
    ],
  };
  call.completion({
    message: answer,
    responseId: response.id,
    finishReason: calls.length === 0 ? "stop" : "tool_calls",
    usage: {
      input_tokens: response.usage.input_tokens,
      cache_read_tokens: response.usage.input_tokens_details?.cached_tokens ?? 0,
      output_tokens: response.usage.output_tokens,
    },
  });
  messages.push(answer);
  input.push(...response.output);
  for (const item of calls) {
    const id = item.call_id ?? "";
    const { command } = argumentsOf(item);
    using tool = turn.tool("shell", { command }, { id });
    const { stdout, stderr, status } = spawnSync("sh", ["-c", command], {
      encoding: "utf8",
      env: { ...process.env, ...trace.childEnv },
    });
    tool.result(stdout + stderr, { exitCode: status ?? 1 });
    messages.push({ role: "tool", parts: [{ type: "tool_call_response", id, response: stdout + stderr }] });
    input.push({ type: "function_call_output", call_id: id, output: stdout + stderr });
  }
  goOn = calls.length > 0;
  if (!goOn) process.stdout.write(`${text}\n`);
}
turn.end("success");
await trace.end("success");

async function ask(items: readonly unknown[]): Promise<ModelResponse> {
  const reply = await fetch(`${url}/v1/responses`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer none" },
    body: JSON.stringify({ model: MODEL, input: items, tools: [TOOL], stream: true }),
  });
  const events = (await reply.text())
    .split("\n")
    .flatMap((line) =>
      line.startsWith("data: {")
        ? [JSON.parse(line.slice(6)) as { type: string; response?: ModelResponse }]
        : [],
    );
  const completed = events.find((event) => event.type === "response.completed")?.response;
  if (completed === undefined)
    throw new Error(`the model server answered ${reply.status} without a response`);
  return completed;
}

function argumentsOf(item: OutputItem): { command: string } {
  return JSON.parse(item.arguments ?? "{}") as { command: string };
}
