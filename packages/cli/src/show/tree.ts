/**
 * A trace as a tree, in the order in which it is read: parents before children, children by time, and between
 * them the events worth a line.
 *
 * The file may say anything, so nothing is assumed: a parent may be missing, be its own child, or lie ten
 * thousand levels up. Each span is shown exactly once.
 */

import type { Point, Span, Trace } from "@spoor/trace";

type Item =
  | { readonly kind: "span"; readonly time: string; readonly span: Span }
  | { readonly kind: "point"; readonly time: string; readonly point: Point };

export type TreeRow = Item & { readonly prefix: string };

/** Deeper levels are told by their number instead of lines. */
const DEEPEST_DRAWN = 16;
/** Events that repeat all the time and tell nothing about how a run went. */
const QUIET_EVENTS: ReadonlySet<string> = new Set(["context", "hook", "plan"]);

interface Pending {
  item: Item;
  depth: number;
  /** The lines drawn for the levels above. */
  lead: string;
  isLast: boolean;
}

export function treeRows(trace: Trace): TreeRow[] {
  const ids = new Set(trace.spans.map((span) => span.span_id));
  const children = new Map<string, Span[]>();
  const roots: Span[] = [];
  for (const span of trace.spans) {
    const parent = span.parent_span_id;
    if (parent === undefined || parent === span.span_id || !ids.has(parent)) roots.push(span);
    else (children.get(parent) ?? setAndGet(children, parent)).push(span);
  }
  const rows: TreeRow[] = [];
  const shown = new Set<Span>();
  const draw = (root: Span): void => {
    const pending: Pending[] = [{ item: spanItem(root), depth: 0, lead: "", isLast: true }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { item, depth, lead, isLast } = next;
      if (item.kind === "span" && shown.has(item.span)) continue;
      rows.push({ ...item, prefix: prefixOf(next) });
      if (item.kind === "point") continue;
      const { span } = item;
      shown.add(span);
      // Spans of two kinds may share an id; the first one then has the children.
      const below = [...takeAll(children, span.span_id).map(spanItem), ...pointItems(span.points)].sort(
        byTime,
      );
      const deeper = depth === 0 || depth >= DEEPEST_DRAWN ? lead : `${lead}${isLast ? "  " : "│ "}`;
      for (const [index, child] of [...below.entries()].toReversed())
        pending.push({ item: child, depth: depth + 1, lead: deeper, isLast: index === below.length - 1 });
    }
  };
  for (const root of roots) draw(root);
  // What is left are circles of parents.
  for (const span of trace.spans) if (!shown.has(span)) draw(span);
  for (const item of pointItems(trace.looseEvents)) rows.push({ ...item, prefix: "" });
  return rows;
}

function prefixOf({ depth, lead, isLast }: Pending): string {
  if (depth === 0) return "";
  return depth > DEEPEST_DRAWN ? `${lead}⋯${depth} ` : `${lead}${isLast ? "└ " : "├ "}`;
}

function spanItem(span: Span): Item {
  return { kind: "span", time: span.start_time, span };
}

function pointItems(points: readonly Point[]): Item[] {
  return points.filter(isTelling).map((point) => ({ kind: "point", time: point.time, point }));
}

function isTelling(point: Point): boolean {
  return point.type !== "event" || !QUIET_EVENTS.has(point.name);
}

function byTime(a: Item, b: Item): number {
  return a.time < b.time ? -1 : a.time > b.time ? 1 : 0;
}

function setAndGet(children: Map<string, Span[]>, parent: string): Span[] {
  const own: Span[] = [];
  children.set(parent, own);
  return own;
}

function takeAll(children: Map<string, Span[]>, parent: string): Span[] {
  const own = children.get(parent) ?? [];
  children.delete(parent);
  return own;
}
