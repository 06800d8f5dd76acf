import { expect, test } from "vitest";
import { resolveWindowsCommand, type WindowsCommand } from "../src/windows-command.ts";

const FILES = [
  String.raw`C:\npm\claude.cmd`,
  String.raw`C:\npm\claude`,
  String.raw`C:\git\git.exe`,
  String.raw`C:\git\tool.v2.exe`,
  String.raw`C:\work\bin\run.bat`,
  String.raw`C:\Program Files\x\agent.cmd`,
];
const PATH = String.raw`C:\git;C:\npm;"C:\Program Files\x"`;

function resolve(...command: string[]): WindowsCommand | undefined {
  return resolveWindowsCommand(command, {
    cwd: String.raw`C:\work`,
    env: { Path: PATH, PathExt: ".EXE;.CMD;.BAT", ComSpec: String.raw`C:\Windows\cmd.exe` },
    isFile: (path) => FILES.some((file) => file.toLowerCase() === path.toLowerCase()),
  });
}

test("a program is started itself, its arguments as they are", () => {
  expect(resolve("git", "commit", "-m", 'a "b"')).toEqual({
    file: String.raw`C:\git\git.EXE`,
    args: ["commit", "-m", 'a "b"'],
    verbatim: false,
  });
});

test("npm's shim is found by PATHEXT, not the shell script of the same name, and goes through cmd.exe", () => {
  expect(resolve("claude", "-p", "hi")).toEqual({
    file: String.raw`C:\Windows\cmd.exe`,
    args: ["/d", "/s", "/c", String.raw`"C:\npm\claude.CMD ^^^"-p^^^" ^^^"hi^^^""`],
    verbatim: true,
  });
});

test("what cmd.exe would act on is escaped for both of its passes", () => {
  const line = resolve("claude", "50% & | > < ^ !")?.args[3];
  expect(line).toBe(
    String.raw`"C:\npm\claude.CMD ^^^"50^^^%^^^ ^^^&^^^ ^^^|^^^ ^^^>^^^ ^^^<^^^ ^^^^^^^ ^^^!^^^""`,
  );
});

test("quotes and the backslashes before them survive the argument parser", () => {
  const unescaped = resolve("claude", String.raw`a\b\\"c\ `.trim())?.args[3]?.replaceAll("^", "");
  expect(unescaped).toBe(String.raw`"C:\npm\claude.CMD "a\b\\\\\"c\\""`);
});

test("a path with spaces, quoted on PATH, is found and escaped", () => {
  expect(resolve("agent")?.args[3]).toBe(String.raw`"C:\Program^ Files\x\agent.CMD"`);
});

test("a relative path is looked up in the working directory only, and a dot in a name is no extension", () => {
  expect(resolve(String.raw`bin\run`)?.args[3]).toBe(String.raw`"C:\work\bin\run.BAT"`);
  expect(resolve("tool.v2")).toMatchObject({ file: String.raw`C:\git\tool.v2.EXE` });
  expect(resolve("run")).toBeUndefined();
});
