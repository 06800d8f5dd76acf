/** Runs as a table for people; `list` and `import` show it. */

import type { Invocation } from "@spoor/trace";
import { formatCost, formatCount, formatDuration } from "./format.ts";
import { formatLocalTime } from "./local-time.ts";
import { styleOfStatus } from "./show/overview.ts";
import type { Line } from "./terminal/screen.ts";
import { type Column, tableLines } from "./terminal/table.ts";

export function runLines(runs: readonly Invocation[], columns: number, timeZone: string | undefined): Line[] {
  return tableLines(runs, tableColumns(timeZone), columns);
}

function tableColumns(timeZone: string | undefined): Column<Invocation>[] {
  return [
    { title: "run", cell: (run) => run.invocation_id.slice(-12) },
    { title: "started", cell: (run) => formatLocalTime(run.start_time, timeZone, "minutes") },
    { title: "agent", cell: (run) => run.agent },
    {
      title: "role",
      cell: (run) => (run.role === null || run.role === run.agent ? "" : run.role),
      dispensable: 2,
    },
    { title: "status", cell: (run) => run.status, style: (run) => styleOfStatus(run.status) },
    { title: "took", align: "right", cell: (run) => formatDuration(run.duration_ms) },
    { title: "in→out", align: "right", dispensable: 4, cell: tokensText },
    {
      title: "cost",
      align: "right",
      dispensable: 3,
      cell: (run) => (run.cost.usd === null ? "" : formatCost(run.cost)),
    },
    {
      title: "tools",
      align: "right",
      dispensable: 5,
      cell: (run) => countedErrors(run.tool_calls, run.tool_errors),
    },
    { title: "work", dispensable: 1, cell: workText },
  ];
}

function tokensText({ usage, llm_calls: calls }: Invocation): string {
  if (calls === 0) return "";
  const { input_tokens: input, output_tokens: output } = usage;
  return `${input === undefined ? "?" : formatCount(input)}→${output === undefined ? "?" : formatCount(output)}`;
}

function countedErrors(count: number, errors: number): string {
  return count === 0 ? "" : `${count}${errors === 0 ? "" : ` (${errors} failed)`}`;
}

/** What it worked on: the change, else the repository. */
function workText({ change_url: change, repository_url: repository }: Invocation): string {
  return (change ?? repository ?? "").replace(/^https:\/\/(www\.)?/, "");
}
