/** How a conversation ended, by what its agent says of the last turn. */

import type { InvocationStatus, TurnStatus } from "@spoor/trace";

const STATUS: Readonly<Record<TurnStatus, InvocationStatus>> = {
  success: "success",
  error: "failure",
  interrupted: "cancelled",
  unknown: "unknown",
};

/** `unknown` where there was no turn. */
export function statusOfLastTurn(status: TurnStatus | undefined): InvocationStatus {
  return STATUS[status ?? "unknown"];
}
