import { describe, expect, test } from "vitest";
import { redact } from "../src/index.ts";

const secret = (data: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: app-x\ndata:\n${data}\n`;

describe("in a Kubernetes Secret", () => {
  test("every value under data goes, whatever its name, also when data stands before kind", () => {
    expect(redact(secret("  extra: YWRtaW46cGFzc3dvcmQ="))).toBe(
      secret("  extra: [REDACTED:kubernetes-secret#1]"),
    );
    expect(redact("data:\n  extra: 'YWRtaW46cGFzc3dvcmQ='\nkind: Secret\n")).toBe(
      "data:\n  extra: '[REDACTED:kubernetes-secret#1]'\nkind: Secret\n",
    );
  });

  test("empty values, templates and certificates stay", () => {
    for (const data of [
      "  extra: ''",
      "  extra: {{ .Values.extra }}",
      "  ca.pem: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t",
    ]) {
      expect(redact(secret(data))).toBe(secret(data));
    }
  });

  test("other documents of the file and other kinds stay", () => {
    const other = "---\nkind: ConfigMap\ndata:\n  motto: YWRtaW4gYW5kIHVzZXI=\n";
    expect(redact(secret("  a: YWRtaW46cGFzc3dvcmQ=") + other)).toContain(other);
    const sops = "kind: SopsSecret\ndata:\n  a: YWRtaW46cGFzc3dvcmQ=\n";
    expect(redact(sops)).toBe(sops);
  });
});
